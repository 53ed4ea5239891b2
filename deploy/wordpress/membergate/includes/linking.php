<?php
/**
 * Linking accounts by an administrator's decision: what would happen to each, and doing it. The preview and the deed ask the
 * same function, so what the preview says is what happens.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

/**
 * What a decision to link this account comes to.
 *
 * @return array `kind`, and for `move` and `staff` the account `from` that its person uses now.
 *   `move`    its person came already: the link moves here from the account that was made then
 *   `approve` it is linked when its person comes
 *   `waiting` the same without a decision, for it holds nothing of its own
 *   `staff`   it holds rights of the staff, and is linked only by a decision about it alone
 *   `linked`, `several`, `ambiguous`, `no_email`, `gone`   nothing happens, and why
 */
function linking_outcome( int $user_id ): array {
	$user = get_userdata( $user_id );
	if ( ! $user ) {
		return array( 'kind' => 'gone', 'from' => 0 );
	}
	$persons = wanted_by( $user_id );
	$from    = 1 === count( $persons ) ? $persons[0] : 0;
	$why     = why_not_linked( $user_id, array() );
	if ( in_array( $why, array( 'linked', 'staff' ), true ) ) {
		return array( 'kind' => $why, 'from' => $from );
	}
	if ( count( $persons ) > 1 ) {
		return array( 'kind' => 'several', 'from' => 0 );
	}
	if ( $from ) {
		return array( 'kind' => 'move', 'from' => $from );
	}
	if ( '' === $user->user_email ) {
		return array( 'kind' => 'no_email', 'from' => 0 );
	}
	if ( count( accounts_with_email( strtolower( $user->user_email ) ) ) > 1 ) {
		return array( 'kind' => 'ambiguous', 'from' => 0 );
	}
	$is_waiting = '' === $why && ( '1' === setting( 'link_by_email' ) || '1' === (string) get_user_meta( $user_id, APPROVED_META, true ) );
	return array( 'kind' => $is_waiting ? 'waiting' : 'approve', 'from' => 0 );
}

/** The linked accounts that were made for people with this account's e-mail address. */
function wanted_by( int $user_id ): array {
	$accounts = array_map( 'intval', array_unique( get_user_meta( $user_id, WANTED_META ) ) );
	return array_values( array_filter( $accounts, __NAMESPACE__ . '\\is_linked' ) );
}

/** Is this an account of the staff whose person is known, so that a decision about it alone can link it? */
function is_decided_alone( array $outcome ): bool {
	return 'staff' === $outcome['kind'] && 0 !== $outcome['from'];
}

/** The outcome as a sentence. */
function outcome_text( array $outcome ): string {
	$texts = array(
		/* translators: %s: account. */
		'move'      => __( 'Linked at once: its person came already and uses %s, which is left without a link and without the roles of the association.', 'membergate' ),
		'approve'   => __( 'Linked when somebody with its e-mail address comes.', 'membergate' ),
		'waiting'   => __( 'Linked when somebody with its e-mail address comes; nothing needs to be decided.', 'membergate' ),
		'staff'     => __( 'Not linked together with others: it holds rights of those who run the site. Choose it alone.', 'membergate' ),
		/* translators: %s: account. */
		'alone'     => __( 'Linked once you confirm it below: its person came already and uses %s, which is left without a link and without the roles of the association.', 'membergate' ),
		'unknown'   => __( 'Not linked: it holds rights of those who run the site. If you know whose it is, enter their association id in its profile.', 'membergate' ),
		'linked'    => __( 'Linked already.', 'membergate' ),
		'several'   => __( 'Not linked: several people came with its e-mail address. Enter the association id of the right one in its profile.', 'membergate' ),
		'ambiguous' => __( 'Not linked: other accounts have the same e-mail address. Enter the association id in its profile.', 'membergate' ),
		'no_email'  => __( 'Not linked: it has no e-mail address. Enter the association id in its profile.', 'membergate' ),
		'gone'      => __( 'There is no such account.', 'membergate' ),
	);
	$kind = 'staff' === $outcome['kind'] && ! $outcome['from'] ? 'unknown' : $outcome['kind'];
	$from = $outcome['from'] ? get_userdata( $outcome['from'] ) : null;
	return sprintf( $texts[ $kind ], $from ? $from->user_login : '' );
}

/**
 * Does what the outcome says. An account of the staff only if `$even_staff`, which is a decision about it alone.
 *
 * @return string The kind of what was done: `move`, `approve`, or empty for nothing.
 */
function link_by_decision( int $user_id, bool $even_staff ): string {
	$outcome = linking_outcome( $user_id );
	if ( 'move' === $outcome['kind'] || ( $even_staff && is_decided_alone( $outcome ) ) ) {
		move_link( $outcome['from'], $user_id );
		return 'move';
	}
	if ( 'approve' === $outcome['kind'] ) {
		update_user_meta( $user_id, APPROVED_META, '1' );
		return 'approve';
	}
	return '';
}

/**
 * Links an account with the person of another one, which keeps what somebody gave it by hand and what it wrote. What the gateway
 * told about the person goes along, because it will not tell it again.
 */
function move_link( int $from, int $to ): void {
	$sub  = (string) get_user_meta( $from, ID_META, true );
	$told = all_told( $from );
	unlink_account( $from );
	$user = new WP_User( $from );
	$old  = array_values( $user->roles );
	foreach ( array_intersect( $old, last_role_list( kept_role_lists() ) ) as $role ) {
		$user->remove_role( $role );
	}
	announce_roles( $from, $old, array_values( $user->roles ) );
	forget_membership( $from );
	link_account( $to, $sub );
	foreach ( $told as $key => $value ) {
		update_user_meta( $to, $key, $value );
	}
	resync( $to );
}
