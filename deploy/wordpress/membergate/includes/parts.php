<?php
/**
 * Parts of a post that has hidden content: WordPress cuts it into pages, into a teaser and the rest, and into excerpts,
 * before anybody reads the conditions in it. A part that lost its condition's beginning or end would be open to all.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Post;

defined( 'ABSPATH' ) || exit;

// `<!--nextpage-->` and `<!--more-->`, and the marks of the blocks around them.
const BREAK_MARK       = '/<!--(?:nextpage|more.*?)-->/s';
const BREAK_BLOCK_MARK = '/<!--\s+\/?wp:(?:nextpage|more)\b.*?-->/s';
const BLOCK_MARK       = '/<!--\s+(\/?)wp:(?:(?!-->).)*?(\/?)-->/s';

// Last, so that pages which another plugin makes are looked at as well.
add_filter( 'content_pagination', __NAMESPACE__ . '\\keep_conditions_whole', PHP_INT_MAX, 2 );
add_filter( 'get_the_excerpt', __NAMESPACE__ . '\\guard_excerpt', 9, 2 );
add_filter( 'get_the_excerpt', __NAMESPACE__ . '\\unguard_excerpt', 11, 2 );
add_filter( 'render_block_core/latest-posts', __NAMESPACE__ . '\\list_excerpts', 100, 2 );

/** Is there a condition in this text, or something that looks like one? */
function names_condition( string $text ): bool {
	return false !== strpos( $text, '[membergate' ) || false !== strpos( $text, '[/membergate' ) || false !== strpos( $text, 'membergateRoles' );
}

/**
 * Where a break would cut through a condition, the post is one page without a teaser.
 *
 * @param string[]     $pages The post's text as WordPress cut it.
 * @param WP_Post|null $post  The post.
 */
function keep_conditions_whole( $pages, $post ): array {
	$pages = (array) $pages;
	if ( ! $post instanceof WP_Post || ! names_condition( $post->post_content ) ) {
		return $pages;
	}
	foreach ( $pages as $page ) {
		$parts = preg_split( BREAK_MARK, (string) preg_replace( BREAK_BLOCK_MARK, '', (string) $page ) );
		if ( ! $parts || array_filter( $parts, __NAMESPACE__ . '\\is_cut_short' ) ) {
			return array( (string) preg_replace( array( BREAK_BLOCK_MARK, BREAK_MARK ), '', $post->post_content ) );
		}
	}
	return $pages;
}

/** Does a shortcode or a block begin or end outside this part? */
function is_cut_short( string $part ): bool {
	if ( false === preg_match_all( BLOCK_MARK, $part, $marks, PREG_SET_ORDER ) ) {
		return true;
	}
	$depth = 0;
	foreach ( $marks as $mark ) {
		if ( '/' === $mark[1] ) {
			--$depth;
		} elseif ( '/' !== $mark[2] ) {
			++$depth;
		}
		if ( $depth < 0 ) {
			return true;
		}
	}
	return 0 !== $depth || has_doubtful_shortcode( $part );
}

/**
 * For the excerpt that it makes itself, WordPress renders what is inside a group and never asks about the group. So in a
 * post with a condition nothing inside groups and columns goes into the excerpt.
 *
 * @param string       $excerpt The excerpt so far.
 * @param WP_Post|null $post    The post.
 */
function guard_excerpt( $excerpt, $post = null ) {
	$post = get_post( $post );
	if ( $post && false !== strpos( $post->post_content, 'membergateRoles' ) ) {
		add_filter( 'excerpt_allowed_wrapper_blocks', '__return_empty_array', 1000 );
	}
	return $excerpt;
}

/**
 * The next post is another one. WordPress takes shortcodes out by its own reading; where that is in doubt, there is no
 * excerpt but one that the author wrote.
 *
 * @param string       $excerpt The excerpt.
 * @param WP_Post|null $post    The post.
 */
function unguard_excerpt( $excerpt, $post = null ) {
	remove_filter( 'excerpt_allowed_wrapper_blocks', '__return_empty_array', 1000 );
	$post = get_post( $post );
	if ( ! $post || '' !== trim( $post->post_excerpt ) || ! names_condition( $post->post_content ) ) {
		return $excerpt;
	}
	return has_doubtful_shortcode( $post->post_content ) || has_unread_condition( $post->post_content ) ? '' : $excerpt;
}

/**
 * The block "Latest Posts" can show whole posts, and in older versions of WordPress prints them as they are stored. If
 * one of them has a condition, it shows excerpts.
 *
 * @param string $html  The list as rendered.
 * @param array  $block The block as parsed.
 */
function list_excerpts( $html, $block ) {
	if ( 'full_post' !== ( $block['attrs']['displayPostContentRadio'] ?? '' ) || ! names_condition( $html ) ) {
		return $html;
	}
	$block['attrs']['displayPostContentRadio'] = 'excerpt';
	return \render_block( $block );
}
