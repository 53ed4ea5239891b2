/**
 * A field "Roles that may see this block" for every block. It only writes the attribute; the server decides.
 */
( function ( wp ) {
	'use strict';
	var el = wp.element.createElement;
	var __ = wp.i18n.__;

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
				help: __( 'Role names with commas between them. Empty: everyone.', 'membergate' ),
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
