<?php
/**
 * What caches are told: an answer to a signed-in person is theirs alone, and what a stranger gets is only a stranger's.
 *
 * It is said when the plugin is loaded, so that it holds for answers that another plugin gives at once: redirects, messages
 * of wp_die(), feeds, downloads. It is looked at again when PHP sends the headers, because much is said in between.
 * A page cache that answers before WordPress starts never gets here; readme.txt says what to set in it.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const PRIVATE_ANSWER = 'private, no-store, no-cache, must-revalidate, max-age=0';

add_filter( 'nocache_headers', __NAMESPACE__ . '\\private_headers', 100 );
add_filter( 'wp_headers', __NAMESPACE__ . '\\front_headers', 100 );
say_early();

/** Said for a refused assertion too: who shows one is no stranger to a cache. */
function say_early(): void {
	if ( '' !== presented_assertion() && ! defined( 'DONOTCACHEPAGE' ) ) {
		define( 'DONOTCACHEPAGE', true ); // The word that page-cache plugins look for.
	}
	if ( ! headers_sent() && 'cli' !== PHP_SAPI ) {
		settle_headers();
		header_register_callback( __NAMESPACE__ . '\\settle_headers' );
	}
}

/** Makes the headers say what they must. Works without WordPress: PHP calls it when everything else is over. */
function settle_headers(): void {
	$vary    = '';
	$caching = '';
	foreach ( headers_list() as $line ) {
		$vary    .= 0 === stripos( $line, 'Vary:' ) ? substr( $line, 5 ) . ',' : '';
		$caching .= 0 === stripos( $line, 'Cache-Control:' ) ? substr( $line, 14 ) . ',' : '';
	}
	if ( false === stripos( $vary, 'Membergate-Assertion' ) && '*' !== trim( $vary, ' ,' ) ) {
		header( 'Vary: Cookie, Membergate-Assertion', false );
	}
	if ( '' === presented_assertion() ) {
		return;
	}
	if ( false === stripos( $caching, 'no-store' ) || false === stripos( $caching, 'private' ) || false !== stripos( $caching, 'public' ) ) {
		header( 'Cache-Control: ' . PRIVATE_ANSWER );
	}
	header_remove( 'Surrogate-Control' );
	// A page cache of nginx often ignores Cache-Control by order of whoever set it up, but obeys this one. Two digits, because
	// the REST API of WordPress takes a header with the value "0" out.
	header( 'X-Accel-Expires: 00' );
}

/**
 * Newer versions of WordPress say the same by themselves; 6.1 does not.
 *
 * @param array $headers What WordPress would send.
 */
function private_headers( $headers ): array {
	$headers = (array) $headers;
	if ( '' !== presented_assertion() ) {
		$headers['Cache-Control']   = PRIVATE_ANSWER;
		$headers['X-Accel-Expires'] = '00';
	}
	return $headers;
}

/**
 * The same for pages of the site itself.
 *
 * @param array $headers What WordPress would send.
 */
function front_headers( $headers ): array {
	return '' === presented_assertion() ? (array) $headers : array_merge( (array) $headers, wp_get_nocache_headers() );
}
