<?php
/**
 * `POST /wp-json/membergate/v1/people`: where the gateway's statements about people arrive. The signature of each is the only
 * credential; no cookie, password or assertion counts here.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

defined( 'ABSPATH' ) || exit;

const PEOPLE_NAMESPACE = 'membergate/v1';
const PEOPLE_ROUTE     = '/people';
const MAX_STATEMENTS   = 100;
const MAX_BODY_BYTES   = 1048576;
const WORK_SEC         = 15; // What is left then is answered `busy`, and the gateway sends it again.

add_action( 'rest_api_init', __NAMESPACE__ . '\\add_people_route' );
add_filter( 'rest_authentication_errors', __NAMESPACE__ . '\\open_people_route', PHP_INT_MAX );
add_filter( 'rest_pre_dispatch', __NAMESPACE__ . '\\keep_people_route_open', PHP_INT_MAX, 3 );

/** The route. It is not listed at /wp-json/. */
function add_people_route(): void {
	register_rest_route(
		PEOPLE_NAMESPACE,
		PEOPLE_ROUTE,
		array(
			'methods'             => 'POST',
			'callback'            => __NAMESPACE__ . '\\take_statements',
			'permission_callback' => '__return_true',
			'show_in_index'       => false,
		)
	);
}

/** Where the gateway finds it. */
function people_url(): string {
	return rest_url( PEOPLE_NAMESPACE . PEOPLE_ROUTE );
}

/** Is this request one for our route? */
function is_for_people_route(): bool {
	$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? (string) $GLOBALS['wp']->query_vars['rest_route'] : '';
	return untrailingslashit( $route ) === '/' . PEOPLE_NAMESPACE . PEOPLE_ROUTE && 'POST' === ( $_SERVER['REQUEST_METHOD'] ?? '' );
}

/**
 * Other plugins close the REST API to strangers. This route stays open, and no other: whoever asks shows a signature.
 *
 * @param mixed $result What earlier filters found.
 * @return mixed
 */
function open_people_route( $result ) {
	if ( ! is_for_people_route() ) {
		return $result;
	}
	if ( ! defined( 'DONOTCACHEPAGE' ) ) {
		define( 'DONOTCACHEPAGE', true );
	}
	wp_set_current_user( 0 ); // Nobody is here, whatever came along.
	// Before the body is read as JSON.
	return (int) ( $_SERVER['CONTENT_LENGTH'] ?? 0 ) > MAX_BODY_BYTES ? too_large() : true;
}

/**
 * The same for plugins that close it at the next step.
 *
 * @param mixed           $result  What earlier filters found.
 * @param mixed           $server  The server.
 * @param WP_REST_Request $request The request.
 * @return mixed
 */
function keep_people_route_open( $result, $server, $request ) {
	$is_ours = $request instanceof WP_REST_Request && is_for_people_route() && untrailingslashit( $request->get_route() ) === '/' . PEOPLE_NAMESPACE . PEOPLE_ROUTE;
	return $is_ours && is_wp_error( $result ) ? null : $result;
}

/** The answer to a body that is too large. */
function too_large(): WP_Error {
	return new WP_Error( 'membergate_too_large', 'The body is larger than 1 MiB.', array( 'status' => 413 ) );
}

/**
 * Takes the statements of one request, in their order. One that fails does not hold up the others.
 *
 * @return WP_REST_Response|WP_Error
 */
function take_statements( WP_REST_Request $request ) {
	global $wpdb;
	$body = (string) $request->get_body();
	if ( strlen( $body ) > MAX_BODY_BYTES ) {
		return too_large();
	}
	$tokens = statements_in( $body );
	if ( null === $tokens ) {
		return new WP_Error( 'membergate_body', 'The body is no object with 1 to 100 statements.', array( 'status' => 400 ) );
	}
	// A failed query would be written into PHP's error log with the person's address in it.
	$shown   = $wpdb->suppress_errors( true );
	$ends    = microtime( true ) + WORK_SEC;
	$results = array();
	foreach ( $tokens as $token ) {
		$results[] = microtime( true ) < $ends ? take_statement( $token, time() ) : refused( 'busy' );
	}
	$wpdb->suppress_errors( $shown );
	note_statements( $results, time() );
	return new WP_REST_Response( array( 'results' => $results ), 200, array( 'Cache-Control' => PRIVATE_ANSWER, 'X-Accel-Expires' => '00' ) );
}

/** The statements in a body; null when it is anything else. What each of them is worth, its signature says. */
function statements_in( string $body ): ?array {
	$said = json_decode( $body, true, 3 );
	$list = is_array( $said ) ? ( $said['statements'] ?? null ) : null;
	if ( ! is_array( $list ) || array() === $list || count( $list ) > MAX_STATEMENTS || array_keys( $list ) !== range( 0, count( $list ) - 1 ) ) {
		return null;
	}
	return $list === array_filter( $list, 'is_string' ) ? $list : null;
}
