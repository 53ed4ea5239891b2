<?php
/**
 * The WordPress account of a person: found by the association id, linked by e-mail where that is safe, else created.
 *
 * The id is the only key. An e-mail address is looked at once, for the first link, and then only follows. Kept out: which
 * accounts may be linked by e-mail (first-link.php), and how a known account follows the association (following.php).
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
 * The account of the person who comes with these claims, made if need be, and a member of this site.
 *
 * @return WP_User|WP_Error
 */
function account_for( array $claims ) {
	$id   = linked_account( $claims['sub'] );
	$id   = $id ? $id : first_account( $claims, 'visit' );
	$user = is_wp_error( $id ) ? null : get_userdata( $id );
	if ( ! $user ) {
		return is_wp_error( $id ) ? $id : new WP_Error( 'account' );
	}
	if ( is_multisite() && is_user_spammy( $user ) ) {
		return new WP_Error( 'account_closed' );
	}
	if ( is_multisite() && ! is_user_member_of_blog( $user->ID, get_current_blog_id() ) ) {
		join_site( $user->ID );
	}
	return get_userdata( $user->ID );
}

/** Makes an account of the network one of this site, without a role. */
function join_site( int $user_id ): void {
	add_user_to_blog( get_current_blog_id(), $user_id, '' );
	clean_user_cache( $user_id );
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
		forget_told( $user_id );
		wp_cache_delete( lookup_key( $sub ), 'membergate' );
	}
}

/**
 * The account for someone who has none yet. One request at a time does this for one person: two tabs are one account.
 *
 * @param array  $claims What the gateway says about the person.
 * @param string $how    `visit`: the person is here. Without a visit, `create`: an account may be made; `known`: none may.
 * @return int|WP_Error
 */
function first_account( array $claims, string $how ) {
	$find = function () use ( $claims, $how ) {
		$id = linked_account( $claims['sub'] );
		return $id ? $id : find_or_make_account( $claims, $how );
	};
	return with_person_lock( $claims['sub'], $find, new WP_Error( 'busy' ) );
}

/**
 * Links the account with the person's e-mail address, or makes one. Called under the lock.
 *
 * @return int|WP_Error
 */
function find_or_make_account( array $claims, string $how ) {
	$id = account_by_email( $claims, $conflict );
	if ( ! $id ) {
		if ( 'known' === $how || '1' !== setting( 'create' ) ) {
			return new WP_Error( 'no_account' );
		}
		// Who comes gets a second account rather than none. Nobody waits for one who does not.
		if ( 'create' === $how && $conflict ) {
			return new WP_Error( 'email_taken' );
		}
		$id = create_account( $claims );
	}
	if ( is_wp_error( $id ) ) {
		return $id;
	}
	link_account( $id, $claims['sub'] );
	if ( $conflict ) {
		note_conflict( $conflict['kind'], $id, $conflict['other'] );
		if ( $conflict['other'] ) { // For the whole list: accounts-page.php.
			add_user_meta( $conflict['other'], WANTED_META, (string) $id );
		}
	}
	return $id;
}

/**
 * A new account without any role. The name to sign in by tells nothing about the person and is not the association id.
 *
 * @return int|WP_Error
 */
function create_account( array $claims ) {
	$login = login_for( $claims['sub'] );
	while ( username_exists( $login ) ) {
		$login = 'member' . bin2hex( random_bytes( 8 ) );
	}
	$email = stored_email( $claims['email'] );
	$email = '' !== $email && array() === accounts_with_email( $email ) ? $claims['email'] : '';
	$name  = shown_name( $claims, $login );
	// Nobody knows these 48 random characters and nobody can guess them, so to hash them slowly protects nothing.
	add_filter( 'wp_hash_password_options', __NAMESPACE__ . '\\quick_hash', 100 );
	$id = wp_insert_user(
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
	remove_filter( 'wp_hash_password_options', __NAMESPACE__ . '\\quick_hash', 100 );
	return is_wp_error( $id ) ? new WP_Error( 'account', $id->get_error_message() ) : $id;
}

/** The least work that bcrypt takes, for WordPress from 6.8 on. */
function quick_hash(): array {
	return array( 'cost' => 4 );
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

/** The name of an account that is made for this person, if nobody has it. */
function login_for( string $sub ): string {
	return 'member' . substr( hash( 'sha256', 'login:' . $sub ), 0, 12 );
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
