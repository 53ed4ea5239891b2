<?php
/**
 * What the gateway told last about a person without a visit, kept with the account for each site: the number of the
 * statement, when it was made, and the roles that it named. It orders statements among themselves and before visits.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const TOLD_META = 'membergate_version';

/** The user meta key for the current site: accounts are shared by a network, numbers are not. */
function told_key(): string {
	return is_multisite() && ! is_main_site() ? TOLD_META . '_' . get_current_blog_id() : TOLD_META;
}

/**
 * What was told last about this account on the current site; `version` 0 when nothing was.
 *
 * @return array `site`, `version`, `iat`, `jti` (a hash), `state`, `roles`.
 */
function told( int $user_id ): array {
	$kept = get_user_meta( $user_id, told_key(), true );
	$none = array( 'site' => setting( 'site' ), 'version' => 0, 'iat' => 0, 'jti' => '', 'state' => '', 'roles' => array() );
	// Under another name this site has other numbers.
	return is_array( $kept ) && ( $kept['site'] ?? '' ) === $none['site'] ? $kept + $none : $none;
}

/** Keeps what a statement told. Returns whether the database took it. */
function keep_told( int $user_id, array $claims ): bool {
	$kept = array(
		'site'    => setting( 'site' ),
		'version' => $claims['version'],
		'iat'     => $claims['iat'],
		'jti'     => jti_hash( $claims['jti'] ),
		'state'   => $claims['state'],
		'roles'   => roles_named( $claims ),
	);
	update_user_meta( $user_id, told_key(), $kept );
	return told( $user_id )['jti'] === $kept['jti'];
}

/** Does a visit tell other roles than the last statement? Not where there was no statement. */
function has_newer_roles( int $user_id, array $claims ): bool {
	$kept = told( $user_id );
	return 0 !== $kept['version'] && roles_named( $claims ) !== $kept['roles'];
}

/** Keeps the roles of a visit in place of those of the last statement. Called under the person's lock. */
function keep_newer_roles( int $user_id, array $claims ): void {
	if ( has_newer_roles( $user_id, $claims ) ) {
		update_user_meta( $user_id, told_key(), array_merge( told( $user_id ), array( 'roles' => roles_named( $claims ), 'state' => 'present' ) ) );
	}
}

/** The roles that these claims give, whether this site has and knows them or not, in one order. */
function roles_named( array $claims ): array {
	$roles = $claims['roles'];
	sort( $roles, SORT_STRING );
	return $roles;
}

/** What was told about this account on all sites of the network, by meta key. */
function all_told( int $user_id ): array {
	$told = array();
	foreach ( array_keys( (array) get_user_meta( $user_id ) ) as $key ) {
		if ( 0 === strpos( (string) $key, TOLD_META ) ) {
			$told[ $key ] = get_user_meta( $user_id, $key, true );
		}
	}
	return $told;
}

/** Numbers belong to a person: without the link they say nothing, and another person of the same account has others. */
function forget_told( int $user_id ): void {
	foreach ( array_keys( all_told( $user_id ) ) as $key ) {
		delete_user_meta( $user_id, $key );
	}
}

/** What is kept of a statement's own id. */
function jti_hash( string $jti ): string {
	return substr( hash( 'sha256', $jti ), 0, 24 );
}
