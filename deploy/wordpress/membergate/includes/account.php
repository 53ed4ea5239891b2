<?php
/**
 * The WordPress account of a person: found by the association id, linked by e-mail where that is safe, else created.
 *
 * The id is the only key. An e-mail address is looked at once, for the first link, and then only follows. Kept out: which
 * accounts may be linked by e-mail (first-link.php).
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;
use WP_Session_Tokens;
use WP_User;

defined( 'ABSPATH' ) || exit;

const ID_META = 'membergate_id';

/**
 * The account of the person whom these claims name, made if need be and brought up to date.
 *
 * @return WP_User|WP_Error
 */
function account_for( array $claims ) {
	$id   = linked_account( $claims['sub'] );
	$id   = $id ? $id : first_account( $claims );
	$user = is_wp_error( $id ) ? null : get_userdata( $id );
	if ( ! $user ) {
		return is_wp_error( $id ) ? $id : new WP_Error( 'account' );
	}
	if ( is_multisite() && is_user_spammy( $user ) ) {
		return new WP_Error( 'account_closed' );
	}
	if ( is_multisite() && ! is_user_member_of_blog( $user->ID, get_current_blog_id() ) ) {
		add_user_to_blog( get_current_blog_id(), $user->ID, '' );
		clean_user_cache( $user->ID );
		$user = get_userdata( $user->ID );
	}
	follow_profile( $user, $claims );
	return get_userdata( $user->ID );
}

/** The id of the account linked with this person, or 0. */
function linked_account( string $sub ): int {
	global $wpdb;
	// WordPress indexes the key of user meta and not its value; so the id is also kept inside a key.
	$known = wp_cache_get( lookup_key( $sub ), 'membergate' );
	if ( ! $known ) {
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- there is no function that searches by meta key alone.
		$known = (int) $wpdb->get_var( $wpdb->prepare( "SELECT user_id FROM {$wpdb->usermeta} WHERE meta_key = %s ORDER BY umeta_id LIMIT 1", lookup_key( $sub ) ) );
	}
	// The account itself has the last word: a cache or a copied row does not link anybody.
	if ( ! $known || get_user_meta( (int) $known, ID_META, true ) !== $sub ) {
		return 0;
	}
	wp_cache_set( lookup_key( $sub ), (int) $known, 'membergate', HOUR_IN_SECONDS );
	return (int) $known;
}

/** The meta key under which the account of this person is found. */
function lookup_key( string $sub ): string {
	return 'membergate_key_' . substr( hash( 'sha256', $sub ), 0, 40 );
}

/** Is this account linked with a person of the association? */
function is_linked( int $user_id ): bool {
	return '' !== (string) get_user_meta( $user_id, ID_META, true );
}

/** Links an account. It has no other way in from now on: what was signed in by password is signed out. */
function link_account( int $user_id, string $sub ): void {
	unlink_account( $user_id );
	update_user_meta( $user_id, ID_META, wp_slash( $sub ) );
	update_user_meta( $user_id, lookup_key( $sub ), '1' );
	delete_user_meta( $user_id, APPROVED_META );
	delete_user_meta( $user_id, WANTED_META );
	WP_Session_Tokens::get_instance( $user_id )->destroy_all();
}

/** Takes the link away; account, roles and content stay. */
function unlink_account( int $user_id ): void {
	$sub = (string) get_user_meta( $user_id, ID_META, true );
	if ( '' !== $sub ) {
		delete_user_meta( $user_id, lookup_key( $sub ) );
		delete_user_meta( $user_id, ID_META );
		delete_user_meta( $user_id, SHOWN_META );
		wp_cache_delete( lookup_key( $sub ), 'membergate' );
	}
}

/**
 * The account for someone who has none yet. One request at a time does this for one person: two tabs are one account.
 *
 * @return int|WP_Error
 */
function first_account( array $claims ) {
	global $wpdb;
	$lock = substr( $wpdb->prefix . lookup_key( $claims['sub'] ), 0, 64 );
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a lock is not data.
	if ( '0' === $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, 5)', $lock ) ) ) {
		return new WP_Error( 'busy' );
	}
	$id = linked_account( $claims['sub'] );
	if ( ! $id ) {
		$id = account_by_email( $claims, $conflict );
		if ( ! $id ) {
			$id = '1' === setting( 'create' ) ? create_account( $claims ) : new WP_Error( 'no_account' );
		}
		if ( ! is_wp_error( $id ) ) {
			link_account( $id, $claims['sub'] );
			if ( $conflict ) {
				note_conflict( $conflict['kind'], $id, $conflict['other'] );
				if ( $conflict['other'] ) { // For the whole list: accounts-page.php.
					add_user_meta( $conflict['other'], WANTED_META, (string) $id );
				}
			}
		}
	}
	$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	return $id;
}

/**
 * A new account without any role. The name to sign in by tells nothing about the person and is not the association id.
 *
 * @return int|WP_Error
 */
function create_account( array $claims ) {
	$login = 'member' . substr( hash( 'sha256', 'login:' . $claims['sub'] ), 0, 12 );
	while ( username_exists( $login ) ) {
		$login = 'member' . bin2hex( random_bytes( 8 ) );
	}
	$email = stored_email( $claims['email'] );
	$email = '' !== $email && array() === accounts_with_email( $email ) ? $claims['email'] : '';
	$name  = shown_name( $claims, $login );
	$id    = wp_insert_user(
		wp_slash(
			array(
				'user_login'   => $login,
				'user_pass'    => wp_generate_password( 48, true, true ),
				'user_email'   => $email,
				'display_name' => $name,
				'nickname'     => $name,
				'first_name'   => part_to_show( $claims['given_name'] ),
				'last_name'    => part_to_show( $claims['family_name'] ),
				'role'         => '',
			)
		)
	);
	return is_wp_error( $id ) ? new WP_Error( 'account', $id->get_error_message() ) : $id;
}

/** The name to show: plain text, of a length that the database holds. */
function shown_name( array $claims, string $otherwise ): string {
	$name = part_to_show( '' !== trim( $claims['name'] ) ? $claims['name'] : $claims['given_name'] . ' ' . $claims['family_name'] );
	return '' !== $name ? $name : $otherwise;
}

/** A name as plain text, of a length that the database holds. */
function part_to_show( string $name ): string {
	return trim( mb_substr( sanitize_text_field( $name ), 0, 100 ) );
}

/** A value as WordPress stores it in this field of an account: an ampersand, for one, becomes `&amp;`. */
function as_stored( string $field, string $value ): string {
	return (string) wp_unslash( apply_filters( 'pre_user_' . $field, wp_slash( $value ) ) ); // phpcs:ignore WordPress.NamingConventions
}

/** An e-mail address as WordPress stores it; empty for one that it cannot hold, such as one with letters beyond ASCII. */
function stored_email( string $email ): string {
	$stored = is_email( $email ) ? as_stored( 'email', $email ) : '';
	return strlen( $stored ) <= 100 ? $stored : '';
}

/** Names, e-mail address and membership follow the association. Writes only what changed. */
function follow_profile( WP_User $user, array $claims ): void {
	$changes = followed_names( $user, $claims );
	$email   = stored_email( $claims['email'] );
	if ( '' !== $email && 0 !== strcasecmp( $email, $user->user_email ) ) {
		$others = array_diff( accounts_with_email( $email ), array( $user->ID ) );
		if ( $others ) {
			note_email_taken( $user, (int) reset( $others ) );
		} else {
			$changes['user_email'] = $claims['email'];
		}
	}
	if ( $changes && ! isset( $changes['user_email'] ) ) {
		// WordPress writes the address with every change, and what it has stored would be rewritten once more.
		$changes['user_email'] = wp_specialchars_decode( $user->user_email, ENT_QUOTES );
	}
	if ( $changes ) {
		// The association has told its member; a second mail from here would only confuse.
		add_filter( 'send_email_change_email', '__return_false' );
		wp_update_user( wp_slash( array( 'ID' => $user->ID ) + $changes ) );
		remove_filter( 'send_email_change_email', '__return_false' );
	}
	follow_meta( $user->ID, setting( 'meta_type' ), $claims['membership_type'] );
	follow_meta( $user->ID, setting( 'meta_code' ), $claims['membership_code'] );
	follow_meta( $user->ID, setting( 'meta_expires' ), $claims['membership_expires'] );
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

/** An account made without an address because of a conflict has been noted as such already. */
function note_email_taken( WP_User $user, int $owner ): void {
	if ( '' !== $user->user_email ) {
		note_conflict( 'email_taken', $user->ID, $owner );
	}
}

/** Sets one user meta value, or removes it when there is none. */
function follow_meta( int $user_id, string $key, string $value ): void {
	if ( (string) get_user_meta( $user_id, $key, true ) === $value ) {
		return;
	}
	if ( '' === $value ) {
		delete_user_meta( $user_id, $key );
	} else {
		update_user_meta( $user_id, $key, wp_slash( $value ) );
	}
}
