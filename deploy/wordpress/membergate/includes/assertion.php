<?php
/**
 * Is this signed statement true? Reads the compact JWS that the gateway sends with a request (RFC 7515, RFC 8037). What it
 * sends about a person without a request (statement.php) passes the same verification.
 *
 * Pure: the key, the expected values and the time are arguments. No WordPress state, no network, no clock.
 *
 * @package Membergate
 */

namespace Membergate;

use SodiumException;
use WP_Error;

defined( 'ABSPATH' ) || exit;

const MAX_ASSERTION_BYTES = 32768;
const MAX_LIFE_SEC        = 60;
const LEEWAY_SEC          = 5;
const MAX_ROLES           = 4096;

/**
 * The claims of a true assertion, or a WP_Error whose code says what is wrong.
 *
 * @param string   $token    What the header said.
 * @param string   $issuer   The public origin of this site.
 * @param string   $audience The name of this site at the gateway.
 * @param callable $find_key From a key id to 32 bytes, or a WP_Error.
 * @param int      $now      Seconds since 1970.
 * @return array|WP_Error
 */
function verify_assertion( string $token, string $issuer, string $audience, callable $find_key, int $now ) {
	return verify_signed( $token, 'JWT', __NAMESPACE__ . '\\shaped_claims', $issuer, $audience, $find_key, $now );
}

/**
 * The claims of a true token of one kind, or a WP_Error whose code says what is wrong.
 *
 * @param string   $token    Header, claims and signature.
 * @param string   $type     The `typ` of its kind, so that a token of one kind is never taken for another.
 * @param callable $shape    From the claims to those that we use, or null when one of them is not of its type.
 * @param string   $issuer   The public origin of this site.
 * @param string   $audience The name of this site at the gateway.
 * @param callable $find_key From a key id to 32 bytes, or a WP_Error.
 * @param int      $now      Seconds since 1970.
 * @return array|WP_Error
 */
function verify_signed( string $token, string $type, callable $shape, string $issuer, string $audience, callable $find_key, int $now ) {
	if ( '' === $issuer || '' === $audience ) {
		return new WP_Error( 'not_configured' );
	}
	if ( strlen( $token ) > MAX_ASSERTION_BYTES ) {
		return new WP_Error( 'too_long' );
	}
	$parts = explode( '.', $token );
	if ( 3 !== count( $parts ) ) {
		return new WP_Error( 'malformed' );
	}
	$header    = json_object( base64url_bytes( $parts[0] ) );
	$claims    = json_object( base64url_bytes( $parts[1] ) );
	$signature = base64url_bytes( $parts[2] );
	if ( null === $header || null === $claims || null === $signature ) {
		return new WP_Error( 'malformed' );
	}
	// The algorithm is ours to choose, not the token's: whatever else is named there is refused, never tried.
	if ( 'EdDSA' !== ( $header['alg'] ?? null ) || isset( $header['crit'] ) || $type !== ( $header['typ'] ?? 'JWT' ) ) {
		return new WP_Error( 'algorithm' );
	}
	$kid = $header['kid'] ?? null;
	if ( ! is_string( $kid ) || '' === $kid || strlen( $kid ) > 128 ) {
		return new WP_Error( 'unknown_key' );
	}
	$key = $find_key( $kid );
	if ( $key instanceof WP_Error ) {
		return $key;
	}
	if ( ! is_signed_by( $key, $parts[0] . '.' . $parts[1], $signature ) ) {
		return new WP_Error( 'signature' );
	}
	// From here on the gateway did say it; what remains is whether it said it about us, and now.
	if ( ( $claims['iss'] ?? null ) !== $issuer ) {
		return new WP_Error( 'issuer' );
	}
	if ( ( $claims['aud'] ?? null ) !== $audience ) {
		return new WP_Error( 'audience' );
	}
	$untimely = why_untimely( $claims, $now );
	if ( '' !== $untimely ) {
		return new WP_Error( $untimely );
	}
	$said = $shape( $claims );
	return null === $said ? new WP_Error( 'claims' ) : $said;
}

/** Did the holder of this key sign these bytes? */
function is_signed_by( string $key, string $message, string $signature ): bool {
	if ( SODIUM_CRYPTO_SIGN_BYTES !== strlen( $signature ) || SODIUM_CRYPTO_SIGN_PUBLICKEYBYTES !== strlen( $key ) ) {
		return false;
	}
	try {
		return sodium_crypto_sign_verify_detached( $signature, $message, $key );
	} catch ( SodiumException $e ) {
		return false;
	}
}

/** Empty when the statement holds now, else the reason. */
function why_untimely( array $claims, int $now ): string {
	$issued = $claims['iat'] ?? null;
	$ends   = $claims['exp'] ?? null;
	if ( ! is_int( $issued ) || ! is_int( $ends ) || $ends <= $issued || $ends - $issued > MAX_LIFE_SEC ) {
		return 'lifetime';
	}
	if ( $issued > $now + LEEWAY_SEC ) {
		return 'not_yet_valid';
	}
	return $ends + LEEWAY_SEC <= $now ? 'expired' : '';
}

/** The claims that we use, each of its own type; null when one is not. */
function shaped_claims( array $claims ): ?array {
	$sub  = $claims['sub'] ?? null;
	$jti  = $claims['jti'] ?? null;
	$name = $claims['name'] ?? '';
	if ( ! is_short_text( $sub, 1, 190 ) || ! is_short_text( $jti, 8, 128 ) || ! is_short_text( $name, 0, 1024 ) ) {
		return null;
	}
	$email   = $claims['email'] ?? '';
	$type    = $claims['membership_type'] ?? '';
	$code    = $claims['membership_code'] ?? '';
	$expires = $claims['membership_expires'] ?? '';
	if ( ! is_short_text( $email, 0, 254 ) || ! is_short_text( $type, 0, 255 ) || ! is_short_text( $code, 0, 255 ) || ! is_string( $expires ) ) {
		return null;
	}
	if ( '' !== $expires && ! preg_match( '/^\d{4}-\d{2}-\d{2}$/D', $expires ) ) {
		return null;
	}
	$roles   = role_slugs( $claims['roles'] ?? null );
	$managed = isset( $claims['managed_roles'] ) ? role_slugs( $claims['managed_roles'] ) : null;
	$digest  = $claims['managed_roles_digest'] ?? '';
	// One or the other: the list, or the digest of a long one.
	if ( null === $roles || ( null === $managed ) === ( '' === $digest ) ) {
		return null;
	}
	if ( '' !== $digest && ( ! is_string( $digest ) || ! preg_match( '/^[A-Za-z0-9_-]{43}$/D', $digest ) ) ) {
		return null;
	}
	return array(
		'sub'                  => $sub,
		'jti'                  => $jti,
		'iat'                  => $claims['iat'],
		'exp'                  => $claims['exp'],
		'name'                 => $name,
		'given_name'           => part_of_name( $claims['given_name'] ?? '' ),
		'family_name'          => part_of_name( $claims['family_name'] ?? '' ),
		'email'                => $email,
		'roles'                => $roles,
		'managed_roles'        => $managed,
		'managed_roles_digest' => $digest,
		'membership_type'      => $type,
		'membership_code'      => $code,
		'membership_expires'   => $expires,
	);
}

/** A given or a family name. One that is unusable is none; it must not keep anybody out. */
function part_of_name( $value ): string {
	return is_short_text( $value, 0, 1024 ) ? $value : '';
}

/** Is this a text of so many bytes, in UTF-8 and without control characters? */
function is_short_text( $value, int $least, int $most ): bool {
	return is_string( $value ) && strlen( $value ) >= $least && strlen( $value ) <= $most
		&& 1 === preg_match( '/^[^\x00-\x1F\x7F]*$/Du', $value );
}

/** A list of role slugs without doubles; null when it is anything else. */
function role_slugs( $value ): ?array {
	if ( ! is_array( $value ) || count( $value ) > MAX_ROLES ) {
		return null;
	}
	foreach ( $value as $slug ) {
		if ( ! is_string( $slug ) || ! preg_match( '/^[a-z0-9_-]{1,64}$/D', $slug ) ) {
			return null;
		}
	}
	return array_values( array_unique( $value ) );
}

/** Bytes of a base64url text without padding, in its one spelling; null for anything else. */
function base64url_bytes( string $text ): ?string {
	// Sodium reads some bytes above 127 as letters; here they are none.
	if ( ! preg_match( '/^[A-Za-z0-9_-]+$/D', $text ) ) {
		return null;
	}
	try {
		return sodium_base642bin( $text, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
	} catch ( SodiumException $e ) {
		return null;
	}
}

/** A JSON object as an array; null for anything else. */
function json_object( ?string $text ): ?array {
	if ( null === $text || '{' !== substr( $text, 0, 1 ) ) {
		return null;
	}
	$value = json_decode( $text, true, 4 );
	return is_array( $value ) ? $value : null;
}
