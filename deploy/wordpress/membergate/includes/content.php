<?php
/**
 * Content by role: a shortcode, and a condition on any block. Both are decided on the server; what is hidden is not sent.
 *
 * The roles are those of the WordPress account on this site, so a role given by hand counts as well.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

add_action( 'init', __NAMESPACE__ . '\\register_content' );
add_filter( 'render_block', __NAMESPACE__ . '\\render_block', 100, 2 );
add_filter( 'get_the_excerpt', __NAMESPACE__ . '\\guard_excerpt', 9, 2 );
add_filter( 'get_the_excerpt', __NAMESPACE__ . '\\unguard_excerpt', 11 );
add_filter( 'register_block_type_args', __NAMESPACE__ . '\\block_attribute' );
add_action( 'enqueue_block_editor_assets', __NAMESPACE__ . '\\editor_control' );

/** The shortcode. */
function register_content(): void {
	add_shortcode( 'membergate', __NAMESPACE__ . '\\shortcode' );
}

/**
 * `[membergate roles="a,b"]…[/membergate]`: for those who hold any of the roles. Without `roles`: for everyone signed in.
 *
 * @param array|string $attributes What the author wrote.
 * @param string|null  $content    What is between the tags.
 */
function shortcode( $attributes, $content = null ): string {
	$attributes = is_array( $attributes ) ? $attributes : array();
	// `[membergate role="a"]` or a stray word is a mistake of the author; it must not show the text to everyone.
	if ( array() !== array_diff( array_keys( $attributes ), array( 'roles' ) ) ) {
		return '';
	}
	$roles = isset( $attributes['roles'] ) ? (string) $attributes['roles'] : null;
	return may_see( $roles ) ? do_shortcode( (string) $content ) : '';
}

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
 * For the excerpt that it makes itself, WordPress renders what is inside a group and never asks about the group. So in a
 * post with a condition nothing inside groups and columns goes into the excerpt.
 *
 * @param string        $excerpt The excerpt so far.
 * @param \WP_Post|null $post    The post.
 */
function guard_excerpt( $excerpt, $post = null ) {
	$post = get_post( $post );
	if ( $post && false !== strpos( $post->post_content, 'membergateRoles' ) ) {
		add_filter( 'excerpt_allowed_wrapper_blocks', '__return_empty_array', 1000 );
	}
	return $excerpt;
}

/**
 * The next post is another one.
 *
 * @param string $excerpt The excerpt.
 */
function unguard_excerpt( $excerpt ) {
	remove_filter( 'excerpt_allowed_wrapper_blocks', '__return_empty_array', 1000 );
	return $excerpt;
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
		'0.1.0',
		true
	);
	wp_set_script_translations( 'membergate-block-condition', 'membergate' );
}
