<?php
/**
 * The shortcode: where it begins and ends in a text, and what is shown of it.
 *
 * WordPress finds the end of a shortcode by itself, and when there is none it shows what follows to everyone. So in the
 * text of a post or a widget we read the tags first: a tag without its end reaches to the end of the text, and what
 * stands before an end without a beginning, or around a tag inside a tag, is shown to nobody.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

// A bracket before, the slash of an end, what follows the name, a bracket after. `[[membergate]]` is a text about the tag.
const SHORTCODE_TAG = '~(\[?)\[(/?)membergate(?![\w-])([^\]]*)\](\]?)~';

add_action( 'init', __NAMESPACE__ . '\\register_shortcode' );
// Just before WordPress looks for shortcodes, and after blocks have become text.
foreach ( array( 'the_content', 'widget_text_content', 'widget_block_content', 'render_block_core/block' ) as $membergate_text ) {
	add_filter( $membergate_text, __NAMESPACE__ . '\\settle_shortcodes' );
}

/** The shortcode, for the texts that WordPress searches by itself. */
function register_shortcode(): void {
	add_shortcode( 'membergate', __NAMESPACE__ . '\\shortcode' );
}

/**
 * `[membergate roles="a,b"]…[/membergate]`: for those who hold any of the roles. Without `roles`: for everyone signed in.
 * `membership_type="Gold,Silver"` and `membership_code="GOLD"` ask for the membership besides, by its name or its code.
 *
 * @param array|string $attributes What the author wrote.
 * @param string|null  $content    What is between the tags.
 */
function shortcode( $attributes, $content = null ): string {
	$content = (string) $content;
	if ( '' === $content ) { // Without an end it hides nothing here. It stays to be seen, so that somebody mends it.
		return '[membergate]';
	}
	$inside = false === strpos( $content, '[membergate' ) ? $content : '';
	return may_see_shortcode( $attributes ) ? do_shortcode( $inside ) : '';
}

/**
 * May the current visitor see what is between these tags?
 *
 * @param array|string $attributes What the author wrote.
 */
function may_see_shortcode( $attributes ): bool {
	$attributes = is_array( $attributes ) ? $attributes : array();
	// `[membergate role="a"]` or a stray word is a mistake of the author; it must not show the text to everyone.
	if ( array() !== array_diff( array_keys( $attributes ), array( 'roles', 'membership_type', 'membership_code' ) ) ) {
		return false;
	}
	foreach ( array( 'membership_type', 'membership_code' ) as $claim ) {
		if ( isset( $attributes[ $claim ] ) && ! has_membership( $claim, (string) $attributes[ $claim ] ) ) {
			return false;
		}
	}
	return may_see( isset( $attributes['roles'] ) ? (string) $attributes['roles'] : null );
}

/**
 * A text of which the current visitor may see everything.
 *
 * @param string $text A whole text, never a part of one.
 */
function settle_shortcodes( $text ): string {
	$shown = '';
	foreach ( shortcode_pieces( (string) $text ) as $piece ) {
		if ( 'text' === $piece['kind'] || ( 'doubt' !== $piece['kind'] && may_see_shortcode( shortcode_parse_atts( $piece['attributes'] ) ) ) ) {
			$shown .= $piece['text'];
		}
	}
	return $shown;
}

/** Would two programs, or an author and WordPress, disagree on where the shortcodes of this text end? */
function has_doubtful_shortcode( string $text ): bool {
	$kinds = array_column( shortcode_pieces( $text ), 'kind' );
	return array() !== array_diff( $kinds, array( 'text', 'closed' ) )
		|| 0 !== preg_match( '~<[^<>]*\[/?membergate(?![\w-])~', $text ); // WordPress reads tags inside HTML tags differently.
}

/**
 * Cuts a text at the shortcode's tags.
 *
 * @return array[] `kind`: text, closed, unclosed (up to the end) or doubt; `text` without the tags; `attributes` of the tag.
 */
function shortcode_pieces( string $text ): array {
	if ( false === preg_match_all( SHORTCODE_TAG, $text, $tags, PREG_SET_ORDER | PREG_OFFSET_CAPTURE ) ) {
		return array( piece( 'doubt', $text ) );
	}
	$pieces = array();
	$sure   = 0;     // Up to here the text is in pieces.
	$depth  = 0;     // How many tags are open.
	$open   = null;  // The outermost of them.
	$nested = false; // Was there one inside it?
	foreach ( $tags as $tag ) {
		$at     = $tag[0][1];
		$end    = $at + strlen( $tag[0][0] );
		$is_end = '/' === $tag[2][0];
		// A text about the tag, an end with something in it, which is none to WordPress, and a tag that closes itself.
		if ( ( '[' === $tag[1][0] && ']' === $tag[4][0] ) || ( $is_end && '' !== $tag[3][0] ) || ( ! $is_end && '/' === substr( $tag[3][0], -1 ) ) ) {
			continue;
		}
		if ( ! $is_end ) {
			if ( 0 === $depth ) {
				$pieces[] = piece( 'text', substr( $text, $sure, $at - $sure ) );
				$open     = array( 'end' => $end, 'bracket' => $tag[1][0], 'attributes' => $tag[3][0] );
				$sure     = $at;
			}
			$nested = $depth > 0;
			++$depth;
			continue;
		}
		if ( $depth > 1 ) {
			--$depth;
			continue;
		}
		if ( 0 === $depth || $nested ) {
			$pieces[] = piece( 'doubt', substr( $text, $sure, $end - $sure ) );
		} elseif ( '[' === $open['bracket'] && ']' === $tag[4][0] ) { // `[[membergate]…[/membergate]]`: about the tag as well.
			$pieces[] = piece( 'text', substr( $text, $sure, $end - $sure ) );
		} else {
			$pieces[] = piece( 'closed', substr( $text, $open['end'], $at - $open['end'] ), $open['attributes'] );
		}
		$depth  = 0;
		$nested = false;
		$sure   = $end;
	}
	if ( 0 === $depth ) {
		$pieces[] = piece( 'text', substr( $text, $sure ) );
	} else {
		$pieces[] = piece( $nested ? 'doubt' : 'unclosed', substr( $text, $open['end'] ), $open['attributes'] );
	}
	return $pieces;
}

/** One piece of a text. */
function piece( string $kind, string $text, string $attributes = '' ): array {
	return array( 'kind' => $kind, 'text' => $text, 'attributes' => $attributes );
}
