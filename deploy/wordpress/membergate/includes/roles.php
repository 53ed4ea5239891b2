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

/** The managed roles that this account lacks (`give`) and those that it holds and must not (`take`). */
function role_changes( WP_User $user, array $claims ): array {
	$managed = array_diff( $claims['managed_roles'], roles_not_here( $claims ) );
	$granted = array_intersect( $claims['roles'], $managed );
	return array(
		'give' => array_values( array_diff( $granted, $user->roles ) ),
		'take' => array_values( array_intersect( array_diff( $managed, $granted ), $user->roles ) ),
	);
}

/** The managed roles that this site does not have. */
function roles_not_here( array $claims ): array {
	return array_diff( $claims['managed_roles'], array_map( 'strval', array_keys( wp_roles()->roles ) ) );
}

/**
 * Gives and takes managed roles so that the account holds exactly those that the claims name. Writes only changes.
 *
 * @return array `changed`, and `last_administrator`: that role should go, and stays, because nobody else here has it.
 */
function follow_roles( WP_User $user, array $claims ): array {
	note_unknown_roles( roles_not_here( $claims ) );
	$old     = array_values( $user->roles );
	$changes = role_changes( $user, $claims );
	$is_last = in_array( 'administrator', $changes['take'], true ) && is_last_administrator( $user->ID );
	foreach ( $changes['give'] as $slug ) {
		$user->add_role( $slug );
	}
	foreach ( array_diff( $changes['take'], $is_last ? array( 'administrator' ) : array() ) as $slug ) {
		$user->remove_role( $slug );
	}
	if ( $is_last ) {
		note_conflict( 'last_administrator', $user->ID );
	}
	$new = array_values( $user->roles );
	announce_roles( $user->ID, $old, $new );
	return array( 'changed' => array() !== array_merge( array_diff( $old, $new ), array_diff( $new, $old ) ), 'last_administrator' => $is_last );
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
