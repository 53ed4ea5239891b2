<?php
/**
 * A known account follows the association: names, e-mail address, membership and roles. What differs is found first, so that
 * a visit which changes nothing writes nothing; what is written is written under the person's lock.
 *
 * Kept out: which roles are managed (role-lists.php), and how roles are given and taken (roles.php).
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

/** Brings an account in step with a visit, unless a statement that was made later knows better. */
function follow_visit( WP_User $user, array $claims ): void {
	// Of the same second as a statement it may be older; what it knows beyond that comes as a statement too.
	if ( $claims['iat'] <= told( $user->ID )['iat'] ) {
		return;
	}
	$profile = profile_changes( $user, $claims );
	$roles   = role_changes( $user, $claims );
	if ( array() === array_filter( $profile ) && array() === array_filter( $roles ) && ! has_newer_roles( $user->ID, $claims ) ) {
		note_unknown_roles( roles_not_here( $claims ) );
		return;
	}
	with_person_lock(
		$claims['sub'],
		function () use ( $user, $claims ) {
			clean_user_cache( $user->ID ); // Another request may have written while this one waited.
			$fresh = get_userdata( $user->ID );
			if ( $fresh && $claims['iat'] > told( $user->ID )['iat'] ) {
				follow_profile( $fresh, $claims );
				follow_roles( $fresh, $claims );
				keep_newer_roles( $user->ID, $claims );
			}
		},
		null // The next request is a few seconds away, and signed in the person is all the same.
	);
}

/**
 * What differs between the account and the association.
 *
 * @return array `fields` for wp_update_user(), `meta` by key, and `email_owner`: the account that has the person's address.
 */
function profile_changes( WP_User $user, array $claims ): array {
	$fields = followed_names( $user, $claims );
	$owner  = 0;
	$email  = stored_email( $claims['email'] );
	if ( '' !== $email && 0 !== strcasecmp( $email, $user->user_email ) ) {
		$others = array_diff( accounts_with_email( $email ), array( $user->ID ) );
		if ( ! $others ) {
			$fields['user_email'] = $claims['email'];
		} elseif ( '' !== $user->user_email ) { // One without an address was made so because of this, and that has been noted.
			$owner = (int) reset( $others );
		}
	}
	if ( $fields && ! isset( $fields['user_email'] ) ) {
		// WordPress writes the address with every change, and what it has stored would be rewritten once more.
		$fields['user_email'] = wp_specialchars_decode( $user->user_email, ENT_QUOTES );
	}
	$meta = array();
	foreach ( array( 'meta_type' => 'membership_type', 'meta_code' => 'membership_code', 'meta_expires' => 'membership_expires' ) as $setting => $claim ) {
		if ( (string) get_user_meta( $user->ID, setting( $setting ), true ) !== $claims[ $claim ] ) {
			$meta[ setting( $setting ) ] = $claims[ $claim ];
		}
	}
	return array( 'fields' => $fields, 'meta' => $meta, 'email_owner' => $owner );
}

/**
 * Names, e-mail address and membership follow the association. Writes only what changed.
 *
 * @return array `changed`, and `failed`: WordPress or another plugin did not take names or address.
 */
function follow_profile( WP_User $user, array $claims ): array {
	$changes = profile_changes( $user, $claims );
	$failed  = false;
	if ( $changes['email_owner'] ) {
		note_conflict( 'email_taken', $user->ID, $changes['email_owner'] );
	}
	if ( $changes['fields'] ) {
		// The association has told its member; a second mail from here would only confuse.
		add_filter( 'send_email_change_email', '__return_false' );
		$failed = is_wp_error( wp_update_user( wp_slash( array( 'ID' => $user->ID ) + $changes['fields'] ) ) );
		remove_filter( 'send_email_change_email', '__return_false' );
	}
	foreach ( $changes['meta'] as $key => $value ) {
		if ( '' === $value ) {
			delete_user_meta( $user->ID, $key );
		} else {
			update_user_meta( $user->ID, $key, wp_slash( $value ) );
		}
	}
	return array( 'changed' => ( $changes['fields'] && ! $failed ) || array() !== $changes['meta'], 'failed' => $failed );
}

/** Removes the membership of somebody who has none now. Returns whether there was one. */
function forget_membership( int $user_id ): bool {
	$had = 0;
	foreach ( array( 'meta_type', 'meta_code', 'meta_expires' ) as $setting ) {
		$had += delete_user_meta( $user_id, setting( $setting ) ) ? 1 : 0;
	}
	return $had > 0;
}

/**
 * The names that differ from what is stored. The nickname follows the display name, unless somebody chose another one. A
 * given or family name that the association does not tell stays as it is.
 */
function followed_names( WP_User $user, array $claims ): array {
	$name  = shown_name( $claims, $user->user_login );
	$names = array( 'display_name' => $name );
	if ( in_array( $user->nickname, array( '', $user->user_login, $user->display_name ), true ) ) {
		$names['nickname'] = $name;
	}
	foreach ( array( 'first_name' => 'given_name', 'last_name' => 'family_name' ) as $field => $claim ) {
		if ( '' !== part_to_show( $claims[ $claim ] ) ) {
			$names[ $field ] = part_to_show( $claims[ $claim ] );
		}
	}
	$changes = array();
	foreach ( $names as $field => $value ) {
		// Compared as WordPress stores it, or a name with an ampersand would be written on every request.
		if ( as_stored( $field, $value ) !== (string) $user->$field ) {
			$changes[ $field ] = $value;
		}
	}
	return $changes;
}
