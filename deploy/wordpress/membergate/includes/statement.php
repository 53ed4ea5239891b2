<?php
/**
 * Is this statement about a person true? The gateway sends it without a visit: what the person holds now, under a number
 * that grows with each change. Pure, and verified as an assertion is (assertion.php); its `typ` keeps the two apart.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;

defined( 'ABSPATH' ) || exit;

const STATEMENT_TYPE = 'membergate-person+jwt';
const MAX_VERSION    = 9007199254740991; // 2^53 - 1: every reader of JSON holds it exactly.

/**
 * The claims of a true statement, or a WP_Error whose code says what is wrong. The arguments are those of verify_assertion().
 *
 * @return array|WP_Error
 */
function verify_statement( string $token, string $issuer, string $audience, callable $find_key, int $now ) {
	return verify_signed( $token, STATEMENT_TYPE, __NAMESPACE__ . '\\shaped_statement', $issuer, $audience, $find_key, $now );
}

/** The claims of an assertion, and `version`, `state` and `create`; null when one is not of its type. */
function shaped_statement( array $claims ): ?array {
	$said    = shaped_claims( $claims );
	$version = $claims['version'] ?? null;
	$state   = $claims['state'] ?? null;
	$create  = $claims['create'] ?? false;
	if ( null === $said || ! is_int( $version ) || $version < 1 || $version > MAX_VERSION || ! is_bool( $create ) ) {
		return null;
	}
	// Somebody who is gone holds nothing; a statement that says both is of neither kind.
	if ( ! in_array( $state, array( 'present', 'removed' ), true ) || ( 'removed' === $state && array() !== $said['roles'] ) ) {
		return null;
	}
	return $said + array( 'version' => $version, 'state' => $state, 'create' => $create && 'present' === $state );
}
