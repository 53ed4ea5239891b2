<?php
/**
 * Content by role: who may see what, and the condition on any block. The server decides; what is hidden is not sent.
 *
 * The roles are those of the WordPress account on this site, so a role given by hand counts as well. Kept out: the
 * shortcode (shortcode.php), and what WordPress shows of a post but not whole (parts.php).
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

add_filter( 'render_block', __NAMESPACE__ . '\\render_block', 100, 2 );
add_filter( 'the_content', __NAMESPACE__ . '\\refuse_unread_conditions', 1 );
add_filter( 'widget_block_content', __NAMESPACE__ . '\\refuse_unread_conditions', 1 );
add_filter( 'register_block_type_args', __NAMESPACE__ . '\\block_attribute' );
add_action( 'enqueue_block_editor_assets', __NAMESPACE__ . '\\editor_control' );

/**
 * May the current visitor see what is for these roles?
 *
 * @param string|null $roles Slugs with commas between them. Null: everyone signed in. No slug at all: nobody.
 */
function may_see( ?string $roles ): bool {
	if ( ! is_user_logged_in() ) {
		return false;
	}
	if ( null === $roles ) {
		return true;
	}
	$asked = array_filter( array_map( 'trim', explode( ',', strtolower( $roles ) ) ), 'strlen' );
	return array() !== array_intersect( $asked, wp_get_current_user()->roles );
}

/**
 * Is the membership of the person whom the gateway signed in one of these? Compared whole, without regard to case.
 *
 * @param string $claim  `membership_type` or `membership_code`.
 * @param string $values With commas between them. No value at all: nobody.
 */
function has_membership( string $claim, string $values ): bool {
	$fold = function ( $text ) {
		return mb_strtolower( trim( wp_specialchars_decode( $text, ENT_QUOTES ) ) );
	};
	$held = is_here_by_assertion() ? $fold( visitor()['claims'][ $claim ] ) : '';
	return '' !== $held && in_array( $held, array_map( $fold, explode( ',', $values ) ), true );
}

/**
 * A block with the attribute `membergateRoles` is for those roles.
 *
 * @param string $html  The block as rendered.
 * @param array  $block The block as parsed.
 */
function render_block( $html, $block ) {
	if ( ! isset( $block['attrs']['membergateRoles'] ) ) {
		return $html;
	}
	$roles = $block['attrs']['membergateRoles'];
	if ( '' === $roles ) { // The author emptied the field: no condition.
		return $html;
	}
	return is_string( $roles ) && may_see( $roles ) ? $html : '';
}

/**
 * A text with a condition in it that WordPress would not read as one is shown to nobody. So it is with marks of blocks
 * that somebody broke by hand.
 *
 * @param string $text A whole text, before its blocks are rendered.
 */
function refuse_unread_conditions( $text ): string {
	return has_unread_condition( (string) $text ) ? '' : (string) $text;
}

/** Does the text name a condition on a block that reading its blocks does not find? */
function has_unread_condition( string $text ): bool {
	return false !== strpos( $text, 'membergateRoles' )
		&& preg_match_all( '/<!--(?:(?!-->).)*membergateRoles/s', $text ) !== conditions_in( parse_blocks( $text ) );
}

/** How many of these blocks, and of those inside them, have a condition. */
function conditions_in( array $blocks ): int {
	$found = 0;
	foreach ( $blocks as $block ) {
		$found += ( isset( $block['attrs']['membergateRoles'] ) ? 1 : 0 ) + conditions_in( $block['innerBlocks'] );
	}
	return $found;
}

/**
 * Tells WordPress about the attribute, or blocks that the server renders would refuse it in the editor.
 *
 * @param array $args What a block type says about itself.
 */
function block_attribute( $args ): array {
	$args = (array) $args;
	if ( ! isset( $args['attributes'] ) || ! is_array( $args['attributes'] ) ) {
		$args['attributes'] = array();
	}
	$args['attributes']['membergateRoles'] = array( 'type' => 'string' );
	return $args;
}

/** The field in the sidebar of the editor. Plain JavaScript, nothing to build. */
function editor_control(): void {
	wp_enqueue_script(
		'membergate-block-condition',
		plugins_url( 'assets/block-condition.js', MEMBERGATE_PLUGIN_FILE ),
		array( 'wp-hooks', 'wp-compose', 'wp-element', 'wp-components', 'wp-block-editor', 'wp-i18n' ),
		'0.2.0',
		true
	);
	wp_add_inline_script( 'membergate-block-condition', 'window.membergateRoles = ' . wp_json_encode( array_map( 'strval', array_keys( wp_roles()->roles ) ) ) . ';', 'before' );
	wp_set_script_translations( 'membergate-block-condition', 'membergate' );
}
