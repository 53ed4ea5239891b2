<?php
/**
 * What an administrator should know about statements: when the last one came, and what was refused and why. Counted by day,
 * kept for a week, without a name.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const PEOPLE_OPTION   = 'membergate_people';
const PEOPLE_NOTE_SEC = 7 * DAY_IN_SECONDS;

/** All that is noted: `at` of the last true statement, `refused_at`, `refused` as counts by word, and `since` when they count. */
function people_notes(): array {
	$kept = get_option( PEOPLE_OPTION );
	return ( is_array( $kept ) ? $kept : array() ) + array( 'at' => 0, 'refused_at' => 0, 'since' => 0, 'refused' => array() );
}

/** Notes what came of the statements of one request. */
function note_statements( array $results, int $now ): void {
	$notes   = people_notes();
	$is_true = array() !== array_filter( array_column( $results, 'sub' ), 'strlen' );
	// Whoever sends forgeries costs us one note a minute.
	if ( ! $is_true && $now - $notes['refused_at'] < NOTE_EVERY_SEC ) {
		return;
	}
	if ( $now - $notes['since'] > PEOPLE_NOTE_SEC ) {
		$notes['since']   = $now;
		$notes['refused'] = array();
	}
	foreach ( $results as $result ) {
		if ( 'refused' === $result['outcome'] ) {
			$notes['refused_at']                     = $now;
			$notes['refused'][ $result['reason'] ] = ( $notes['refused'][ $result['reason'] ] ?? 0 ) + 1;
		}
	}
	$notes['at'] = $is_true ? $now : $notes['at'];
	update_option( PEOPLE_OPTION, $notes, false );
}

/** How many accounts of this site's users are linked, and about how many of them a statement came. */
function people_counts(): array {
	global $wpdb;
	$count = function ( string $key ) use ( $wpdb ) {
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- counted by the indexed key.
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->usermeta} WHERE meta_key = %s", $key ) );
	};
	return array( 'linked' => $count( ID_META ), 'told' => $count( told_key() ) );
}

/** How it stands, as sentences for an administrator. */
function people_lines(): array {
	$notes  = people_notes();
	$counts = people_counts();
	$lines  = array();
	if ( 0 === $notes['at'] ) {
		$lines[] = __( 'Changes show here when a person comes. So that they show without a visit, give the gateway this address as people_endpoint:', 'membergate' ) . ' ' . people_url();
	} else {
		/* translators: 1: length of time, 2: number, 3: number. */
		$lines[] = sprintf( __( 'Changes arrive without a visit. The last one: %1$s. People known here: %2$s; told about: %3$s.', 'membergate' ), when( $notes['at'] ), number_format_i18n( $counts['linked'] ), number_format_i18n( $counts['told'] ) );
	}
	if ( $notes['refused'] ) {
		$total = array_sum( $notes['refused'] );
		/* translators: 1: number, 2: length of time. */
		$lines[] = sprintf( __( 'Refused changes in the last week: %1$s, the last one %2$s:', 'membergate' ), number_format_i18n( $total ), when( $notes['refused_at'] ) );
		arsort( $notes['refused'] );
		foreach ( $notes['refused'] as $word => $times ) {
			$lines[] = number_format_i18n( $times ) . ' × ' . statement_refusal_text( (string) $word );
		}
	}
	return $lines;
}

/** Why a statement was refused, and what to do. docs/wordpress.md has the same. */
function statement_refusal_text( string $reason ): string {
	$texts = array(
		'email_taken'        => __( 'The person\'s e-mail address belongs to another account here, so it was not taken over, nor a second account made. If they are the same person, link that account under Users → Not linked.', 'membergate' ),
		'last_administrator' => __( 'The person no longer holds the administrator role in the association, but is the last administrator of this site, so the role was kept. Make somebody else administrator.', 'membergate' ),
		'busy'               => __( 'Another request was changing the same account, or there was too much to do at once. The gateway sends it again.', 'membergate' ),
		'account_closed'     => __( 'The network marked the account as spam, so nothing was changed.', 'membergate' ),
		'algorithm'          => __( 'It was no statement about a person, or not made by a gateway of this version.', 'membergate' ),
	);
	return isset( $texts[ $reason ] ) ? $texts[ $reason ] . ' (' . $reason . ')' : refusal_text( $reason );
}
