<?php
/**
 * What caches are told: a page for a signed-in person is theirs alone.
 *
 * A page cache that answers before WordPress starts never gets here; readme.txt says what to set in it.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

add_filter( 'nocache_headers', __NAMESPACE__ . '\\private_headers', 100 );
add_filter( 'wp_headers', __NAMESPACE__ . '\\front_headers', 100 );
add_action( 'send_headers', __NAMESPACE__ . '\\send_vary' );
add_filter( 'rest_pre_serve_request', __NAMESPACE__ . '\\rest_vary' );

// The word that page-cache plugins look for. Said for a refused assertion too.
if ( '' !== presented_assertion() && ! defined( 'DONOTCACHEPAGE' ) ) {
	define( 'DONOTCACHEPAGE', true );
}

/**
 * Newer versions of WordPress say the same by themselves; 6.1 does not.
 *
 * @param array $headers What WordPress would send.
 */
function private_headers( $headers ): array {
	$headers = (array) $headers;
	if ( 'none' !== visitor()['state'] ) {
		$headers['Cache-Control'] = 'private, no-store, no-cache, must-revalidate, max-age=0';
		// A page cache of nginx often ignores the line above by order of whoever set it up, but obeys this one. Two digits,
		// because the REST API of WordPress takes a header with the value "0" out.
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
	return 'none' === visitor()['state'] ? (array) $headers : array_merge( (array) $headers, wp_get_nocache_headers() );
}

/** A shared cache must not give the page of one to another; added to what others said about it. */
function send_vary(): void {
	if ( ! headers_sent() ) {
		header( 'Vary: Cookie, Membergate-Assertion', false );
	}
}

/**
 * The same for answers of the REST API.
 *
 * @param bool $served Whether somebody has answered already.
 */
function rest_vary( $served ) {
	send_vary();
	return $served;
}
