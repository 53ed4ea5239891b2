<?php
/**
 * The managed roles, and only those, follow the association.
 *
 * A role that the mapping does not manage was given by somebody on this site and stays theirs. A managed role that this
 * site does not have is noted and otherwise passed over.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

/** Gives and takes managed roles so that the account holds exactly those that the claims name. Writes only changes. */
function follow_roles( WP_User $user, array $claims ): void {
	$here    = array_map( 'strval', array_keys( wp_roles()->roles ) );
	$managed = array_intersect( $claims['managed_roles'], $here );
	$granted = array_intersect( $claims['roles'], $managed );
	note_unknown_roles( array_diff( $claims['managed_roles'], $here ) );

	foreach ( array_diff( $granted, $user->roles ) as $slug ) {
		$user->add_role( $slug );
	}
	foreach ( array_intersect( array_diff( $managed, $granted ), $user->roles ) as $slug ) {
		if ( 'administrator' === $slug && is_last_administrator( $user->ID ) ) {
			note_conflict( 'last_administrator', $user->ID );
			continue;
		}
		$user->remove_role( $slug );
	}
}

/** Would this site have no administrator without this account? */
function is_last_administrator( int $user_id ): bool {
	$others = get_users(
		array(
			'role'    => 'administrator',
			'exclude' => array( $user_id ),
			'number'  => 1,
			'fields'  => 'ID',
		)
	);
	return array() === $others;
}

/** Creates the roles that the gateway manages and this site lacks, able to read and nothing more. Returns how many. */
function create_missing_roles(): int {
	$made = 0;
	foreach ( notes()['unknown_roles'] as $slug ) {
		$label = ucfirst( trim( preg_replace( '/[_-]+/', ' ', $slug ) ) );
		if ( ! wp_roles()->is_role( $slug ) && add_role( $slug, '' !== $label ? $label : $slug, array( 'read' => true ) ) ) {
			++$made;
		}
	}
	note_unknown_roles( array() );
	return $made;
}
