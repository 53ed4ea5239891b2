<?php
/**
 * What an administrator should know and nobody else: the last acceptance and refusal, roles that this site lacks, and
 * conflicts between accounts. Bounded, written rarely, without e-mail addresses or tokens.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const NOTES_OPTION   = 'membergate_notes';
const MAX_CONFLICTS  = 20;
const MAX_UNKNOWN    = 1000;
const NOTE_EVERY_SEC = 60;

/** All notes. */
function notes(): array {
	$kept = get_option( NOTES_OPTION );
	return ( is_array( $kept ) ? $kept : array() ) + array(
		'accepted_at'   => 0,
		'refused_at'    => 0,
		'refused'       => '',
		'unknown_roles' => array(),
		'conflicts'     => array(),
	);
}

/** Stores changed notes. */
function keep_notes( array $notes ): void {
	update_option( NOTES_OPTION, $notes, true );
}

/** An assertion was accepted. Written at most once a minute, so that reading a page does not write to the database. */
function note_accepted( int $now ): void {
	$notes = notes();
	if ( $now - $notes['accepted_at'] >= NOTE_EVERY_SEC ) {
		$notes['accepted_at'] = $now;
		keep_notes( $notes );
	}
}

/** An assertion was refused, and why. At most once a minute, so that a flood of forgeries costs nothing. */
function note_refused( string $reason, int $now ): void {
	$notes = notes();
	if ( $now - $notes['refused_at'] >= NOTE_EVERY_SEC ) {
		$notes['refused_at'] = $now;
		$notes['refused']    = $reason;
		keep_notes( $notes );
	}
}

/** The gateway manages roles that this site does not have. */
function note_unknown_roles( array $slugs ): void {
	$slugs = array_slice( array_values( $slugs ), 0, MAX_UNKNOWN );
	sort( $slugs );
	$notes = notes();
	if ( $slugs !== $notes['unknown_roles'] ) {
		$notes['unknown_roles'] = $slugs;
		keep_notes( $notes );
	}
}

/**
 * Two accounts get in each other's way. The same conflict is kept once.
 *
 * @param string $kind     One of the kinds in conflict_text().
 * @param int    $user_id  The account of the person who signed in.
 * @param int    $other_id The account in the way, or 0.
 */
function note_conflict( string $kind, int $user_id, int $other_id = 0 ): void {
	$notes = notes();
	$key   = $kind . ':' . $user_id . ':' . $other_id;
	if ( isset( $notes['conflicts'][ $key ] ) ) {
		return;
	}
	$notes['conflicts'][ $key ] = array(
		'kind'  => $kind,
		'user'  => $user_id,
		'other' => $other_id,
		'at'    => time(),
		'seen'  => false,
	);
	$notes['conflicts']         = array_slice( $notes['conflicts'], -MAX_CONFLICTS, null, true );
	keep_notes( $notes );
}

/** Conflicts that no administrator has put away. */
function open_conflicts(): array {
	return array_filter(
		notes()['conflicts'],
		function ( $conflict ) {
			return ! $conflict['seen'];
		}
	);
}

/** Puts the conflicts away. They stay noted, or the next visit of the same person would bring them back. */
function put_conflicts_away(): void {
	$notes = notes();
	foreach ( array_keys( $notes['conflicts'] ) as $key ) {
		$notes['conflicts'][ $key ]['seen'] = true;
	}
	keep_notes( $notes );
}

/** A conflict as a sentence for the administrator. The account names are links, escaped here. */
function conflict_text( array $conflict ): string {
	$user  = account_link( (int) $conflict['user'] );
	$other = account_link( (int) $conflict['other'] );
	switch ( $conflict['kind'] ) {
		case 'email_taken':
			/* translators: 1: account, 2: other account. */
			return sprintf( __( '%1$s has a new e-mail address in the association, but %2$s uses it on this site. The old address was kept.', 'membergate' ), $user, $other );
		case 'not_linked':
			/* translators: 1: account, 2: other account. */
			return sprintf( __( '%1$s was made for a person whose e-mail address belongs to %2$s, which holds rights or a role that an e-mail address alone must not give away, or is linked already. If they are the same person, link the second under Users → Not linked.', 'membergate' ), $user, $other );
		case 'ambiguous':
			/* translators: %s: account. */
			return sprintf( __( '%s was made for a person whose e-mail address several accounts of this site share, so none of them was linked.', 'membergate' ), $user );
		case 'last_administrator':
			/* translators: %s: account. */
			return sprintf( __( '%s no longer holds the administrator role in the association, but is the last administrator of this site, so the role was kept.', 'membergate' ), $user );
		default:
			return esc_html( $conflict['kind'] );
	}
}

/** Why what the gateway says about a visitor was refused, and what to do, for the administrator. docs/wordpress.md has the same. */
function refusal_text( string $reason ): string {
	$texts = array(
		'not_configured'   => __( 'The site name or the public address is not set: enter it below.', 'membergate' ),
		'audience'         => __( 'It was meant for another site: compare the site name with the one in the gateway\'s configuration.', 'membergate' ),
		'issuer'           => __( 'It came from another address than this site\'s: compare the public address; http or https, and the port.', 'membergate' ),
		'expired'          => __( 'It was too old: the clocks of this machine and the gateway differ.', 'membergate' ),
		'not_yet_valid'    => __( 'It was from the future: the clocks of this machine and the gateway differ.', 'membergate' ),
		'unknown_key'      => __( 'It was signed by a key that is not among the gateway\'s: the address of the keys belongs to another gateway, or pasted keys are old.', 'membergate' ),
		'keys_unreachable' => __( 'The gateway\'s keys could not be fetched: set an inner address of the keys, or paste them.', 'membergate' ),
		'replayed'         => __( 'It came from another network address than before. If members on phones look signed out now and then, see "Replay protection".', 'membergate' ),
		'no_account'       => __( 'The person has no account, and none may be made: invite them, or switch "New accounts" on.', 'membergate' ),
		'account_closed'   => __( 'The network marked the account as spam.', 'membergate' ),
		'account'          => __( 'WordPress or another plugin did not take the account as it should be: look at PHP\'s error log.', 'membergate' ),
		'busy'             => __( 'The account was being changed by another request: it works at the next one.', 'membergate' ),
	);
	$text  = $texts[ $reason ] ?? __( 'It was not made by a gateway of this version, or changed on the way: look for who else sets the header.', 'membergate' );
	return $text . ' (' . $reason . ')';
}

/** When something happened, for people. */
function when( int $at ): string {
	/* translators: %s: length of time. */
	return $at ? sprintf( __( '%s ago', 'membergate' ), human_time_diff( $at ) ) : __( 'never', 'membergate' );
}

/** A link to an account's profile, safe to print. */
function account_link( int $user_id ): string {
	$user = get_userdata( $user_id );
	if ( ! $user ) {
		/* translators: %d: number of an account. */
		return esc_html( sprintf( __( 'account %d (gone)', 'membergate' ), $user_id ) );
	}
	return sprintf( '<a href="%s">%s</a>', esc_url( get_edit_user_link( $user_id ) ), esc_html( $user->user_login ) );
}
