/**
 * A field "Roles that may see this block" for every block. It only writes the attribute; the server decides.
 */
( function ( wp ) {
	'use strict';
	var el = wp.element.createElement;
	var __ = wp.i18n.__;

	var names = ( window.membergateRoles || [] ).map( String );

	// A name that this site does not have opens the block to nobody, so it is said at once.
	function help( written ) {
		var unknown = written.split( ',' ).map( function ( name ) {
			return name.trim().toLowerCase();
		} ).filter( function ( name ) {
			return name && names.indexOf( name ) < 0;
		} );
		if ( unknown.length ) {
			return __( 'This site has no such role:', 'membergate' ) + ' ' + unknown.join( ', ' ) + '. ' + __( 'Its roles:', 'membergate' ) + ' ' + names.join( ', ' );
		}
		return __( 'Role names with commas between them. Empty: everyone. Roles of this site:', 'membergate' ) + ' ' + names.join( ', ' );
	}

	wp.hooks.addFilter( 'blocks.registerBlockType', 'membergate/attribute', function ( settings ) {
		settings.attributes = Object.assign( {}, settings.attributes, { membergateRoles: { type: 'string' } } );
		return settings;
	} );

	var withRoles = wp.compose.createHigherOrderComponent( function ( BlockEdit ) {
		return function ( props ) {
			if ( ! props.isSelected ) {
				return el( BlockEdit, props );
			}
			var field = el( wp.components.TextControl, {
				label: __( 'Roles that may see this block', 'membergate' ),
				help: help( props.attributes.membergateRoles || '' ),
				value: props.attributes.membergateRoles || '',
				onChange: function ( value ) {
					props.setAttributes( { membergateRoles: value || undefined } );
				},
			} );
			var panel = el( wp.components.PanelBody, { title: 'Membergate', initialOpen: false }, field );
			return el( wp.element.Fragment, null, el( BlockEdit, props ), el( wp.blockEditor.InspectorControls, null, panel ) );
		};
	}, 'withMembergateRoles' );

	wp.hooks.addFilter( 'editor.BlockEdit', 'membergate/control', withRoles );
} )( window.wp );
