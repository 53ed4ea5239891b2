<?php
/**
 * The gateway's public keys: pasted by hand, or fetched and kept.
 *
 * The only place that calls the gateway. Keys are fetched at most once a minute; no redirect is followed; what is read is
 * bounded; and a failed fetch leaves the keys that were known.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;

defined( 'ABSPATH' ) || exit;

const KEYS_OPTION     = 'membergate_keys';
const KEYS_FRESH_SEC  = 3600;
const FETCH_EVERY_SEC = 60;
const MAX_KEYS        = 32;

/**
 * The 32 bytes of the key with this id.
 *
 * @return string|WP_Error `unknown_key`: the gateway has no such key. `keys_unreachable`: we could not ask.
 */
function find_key( string $kid ) {
	$pasted = setting( 'jwks' );
	if ( '' !== $pasted ) {
		return key_or_error( parse_jwks( $pasted ), $kid, 'unknown_key' );
	}
	$kept  = kept_keys();
	$now   = time();
	$fresh = $now - $kept['fetched_at'] < KEYS_FRESH_SEC;
	// An unknown key may be a new one. A known one is asked about again each hour, so that a withdrawn key ends.
	if ( ( ! isset( $kept['keys'][ $kid ] ) || ! $fresh ) && $now - $kept['tried_at'] >= FETCH_EVERY_SEC ) {
		$kept = fetch_keys();
	}
	return key_or_error( $kept['keys'], $kid, '' === $kept['error'] ? 'unknown_key' : 'keys_unreachable' );
}

/**
 * One key out of several.
 *
 * @return string|WP_Error
 */
function key_or_error( array $keys, string $kid, string $error ) {
	$bytes = isset( $keys[ $kid ] ) ? base64url_bytes( $keys[ $kid ] ) : null;
	return null === $bytes ? new WP_Error( $error ) : $bytes;
}

/** What the last fetch left. Keys of another address are not ours. */
function kept_keys(): array {
	$kept = get_option( KEYS_OPTION );
	if ( is_array( $kept ) && ( $kept['url'] ?? '' ) === jwks_url() ) {
		return $kept;
	}
	return array(
		'url'        => jwks_url(),
		'keys'       => array(),
		'fetched_at' => 0,
		'tried_at'   => 0,
		'error'      => '',
	);
}

/** Asks the gateway for its keys and keeps the answer. */
function fetch_keys(): array {
	$kept             = kept_keys();
	$kept['tried_at'] = time();
	$kept['error']    = 'not answered yet';
	// Written first: requests that come meanwhile do not ask as well.
	update_option( KEYS_OPTION, $kept, true );

	$keys          = array();
	$kept['error'] = ask_for_keys( $kept['url'], $keys );
	if ( '' === $kept['error'] ) {
		$kept['keys']       = $keys;
		$kept['fetched_at'] = $kept['tried_at'];
	}
	update_option( KEYS_OPTION, $kept, true );
	return $kept;
}

/** Fills `$keys` from this address. Returns what went wrong, or an empty text. */
function ask_for_keys( string $url, array &$keys ): string {
	$body   = '';
	$failed = ask_gateway( $url, 65536, $body );
	if ( '' !== $failed ) {
		return $failed;
	}
	$keys = parse_jwks( $body );
	return array() === $keys ? 'the answer holds no Ed25519 key' : '';
}

/** Fills `$body` from an address of the gateway. Returns what went wrong, or an empty text. */
function ask_gateway( string $url, int $most_bytes, string &$body ): string {
	if ( '' === origin_of( $url ) ) {
		return 'no usable address';
	}
	$answer = wp_remote_get(
		$url,
		array(
			'timeout'             => 3,
			'redirection'         => 0,
			'limit_response_size' => $most_bytes,
			'user-agent'          => 'membergate-wordpress',
			'headers'             => array( 'Accept' => 'application/json' ),
		)
	);
	if ( is_wp_error( $answer ) ) {
		return $answer->get_error_message();
	}
	$status = (int) wp_remote_retrieve_response_code( $answer );
	if ( 200 !== $status ) {
		return 'status ' . $status;
	}
	$body = wp_remote_retrieve_body( $answer );
	return '';
}

/** The Ed25519 signing keys of a JWK set (RFC 7517), or of one JWK, as id => base64url. */
function parse_jwks( string $text ): array {
	$set  = strlen( $text ) <= 65536 ? json_decode( $text, true, 8 ) : null;
	$list = is_array( $set ) ? ( $set['keys'] ?? array( $set ) ) : array();
	$keys = array();
	foreach ( is_array( $list ) ? array_slice( $list, 0, MAX_KEYS ) : array() as $jwk ) {
		if ( ! is_array( $jwk ) || 'OKP' !== ( $jwk['kty'] ?? '' ) || 'Ed25519' !== ( $jwk['crv'] ?? '' ) ) {
			continue;
		}
		if ( 'sig' !== ( $jwk['use'] ?? 'sig' ) || ! in_array( $jwk['alg'] ?? 'EdDSA', array( 'EdDSA', 'Ed25519' ), true ) ) {
			continue;
		}
		$x = is_string( $jwk['x'] ?? null ) ? base64url_bytes( $jwk['x'] ) : null;
		if ( null !== $x && 32 === strlen( $x ) && is_string( $jwk['kid'] ?? null ) && '' !== $jwk['kid'] ) {
			$keys[ $jwk['kid'] ] = $jwk['x'];
		}
	}
	return $keys;
}
