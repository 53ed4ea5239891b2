<?php
/**
 * Linking accounts by the association id, where a table says whose each is: what would happen, and doing it. Without an id it
 * comes to the same as on the page (linking.php).
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

/**
 * What linking this account with this person comes to.
 *
 * @return array `kind`, and the account `from` from which the link would move, or 0.
 */
function linking_outcome_by_id( int $user_id, string $sub ): array {
	$holder = linked_account( $sub );
	if ( ! get_userdata( $user_id ) ) {
		return array( 'kind' => 'gone', 'from' => 0 );
	}
	if ( $holder === $user_id ) {
		return array( 'kind' => 'same', 'from' => 0 );
	}
	if ( ! is_short_text( $sub, 1, 190 ) ) {
		return array( 'kind' => 'no_id', 'from' => 0 );
	}
	$why = why_not_linked( $user_id, array() );
	if ( 'linked' === $why || 'staff' === $why ) {
		return array( 'kind' => 'linked' === $why ? 'other' : 'staff', 'from' => 0 );
	}
	if ( ! $holder ) {
		return array( 'kind' => 'link', 'from' => 0 );
	}
	$is_ours = in_array( $holder, wanted_by( $user_id ), true ) || was_made_for( $holder, $sub );
	return array( 'kind' => $is_ours ? 'move' : 'taken', 'from' => $holder );
}

/** Was this account made by us when its person came? Its name says so: see create_account(). */
function was_made_for( int $user_id, string $sub ): bool {
	$user = get_userdata( $user_id );
	return $user && login_for( $sub ) === $user->user_login;
}

/**
 * What each row of a table comes to. Asked before anything is done, so two rows that want the same are told apart here.
 *
 * @return array Each: `id`, `named`, `sub`, `kind`, `from`, `group` (`link`, `approve`, `as is`, `left out`) and `text`.
 */
function plan_links( array $rows ): array {
	$plans    = array();
	$accounts = array();
	$people   = array();
	foreach ( $rows as $row ) {
		$id      = account_of_row( $row );
		$outcome = '' === $row['sub'] ? linking_outcome( $id ) : linking_outcome_by_id( $id, $row['sub'] );
		$is_deed = in_array( $outcome['kind'], array( 'link', 'move', 'approve' ), true );
		if ( $is_deed && ( isset( $accounts[ $id ] ) || ( '' !== $row['sub'] && isset( $people[ $row['sub'] ] ) ) ) ) {
			$outcome = array( 'kind' => 'twice', 'from' => 0 );
		} elseif ( $is_deed ) {
			$accounts[ $id ]       = true;
			$people[ $row['sub'] ] = true;
		}
		$plans[] = $outcome + array(
			'id'    => $id,
			'named' => '' !== $row['login'] ? $row['login'] : $row['email'],
			'sub'   => $row['sub'],
			'group' => link_group( $outcome['kind'] ),
			'text'  => link_text( $outcome ),
		);
	}
	return $plans;
}

/** Does what a plan says, if it still holds. */
function carry_out_link( array $plan ): bool {
	if ( '' === $plan['sub'] ) {
		return '' !== link_by_decision( $plan['id'], false );
	}
	return with_person_lock(
		$plan['sub'],
		function () use ( $plan ) {
			$now = linking_outcome_by_id( $plan['id'], $plan['sub'] );
			if ( $now !== array( 'kind' => $plan['kind'], 'from' => $plan['from'] ) ) {
				return false;
			}
			if ( 'move' === $now['kind'] ) {
				move_link( $now['from'], $plan['id'] );
			} else {
				link_account( $plan['id'], $plan['sub'] );
			}
			return true;
		},
		false
	);
}

/** What happens to such a row. */
function link_group( string $kind ): string {
	$groups = array( 'link' => 'link', 'move' => 'link', 'approve' => 'approve', 'waiting' => 'as is', 'same' => 'as is', 'linked' => 'as is' );
	return $groups[ $kind ] ?? 'left out';
}

/** The outcome as a sentence. */
function link_text( array $outcome ): string {
	$from  = $outcome['from'] ? get_userdata( $outcome['from'] ) : null;
	$texts = array(
		'link'  => __( 'Linked at once with the person of this id.', 'membergate' ),
		'same'  => __( 'Linked with this person already.', 'membergate' ),
		'other' => __( 'Not linked: it is linked with another person. Look at its profile.', 'membergate' ),
		/* translators: %s: account. */
		'taken' => __( 'Not linked: the person uses %s, which was not made by this plugin. Empty the id there first.', 'membergate' ),
		'twice' => __( 'Not linked: another row names the same account or the same person.', 'membergate' ),
		'no_id' => __( 'Not linked: this is no id of the association.', 'membergate' ),
	);
	$kind = $outcome['kind'];
	return isset( $texts[ $kind ] ) ? sprintf( $texts[ $kind ], $from ? $from->user_login : '' ) : outcome_text( $outcome );
}
