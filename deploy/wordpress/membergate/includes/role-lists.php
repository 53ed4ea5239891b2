<?php
/**
 * Which roles the gateway manages. An assertion holds the list, or where it is long its digest; then the list is fetched,
 * checked against the digest, and kept.
 *
 * Without the list that the digest names, the last known one counts: roles in it are given and taken, and no others. As long
 * as no list was ever known, no role changes.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const ROLE_LISTS_OPTION   = 'membergate_role_lists';
const MAX_ROLE_LISTS      = 4;
const MAX_ROLE_LIST_BYTES = 131072;

/** The roles that the gateway manages, as these claims name them or as last known. */
function managed_roles( array $claims, int $now ): array {
	if ( null !== $claims['managed_roles'] ) {
		keep_role_list( role_list_digest( $claims['managed_roles'] ), $claims['managed_roles'], $now );
		return $claims['managed_roles'];
	}
	$digest = $claims['managed_roles_digest'];
	$kept   = kept_role_lists();
	if ( isset( $kept['lists'][ $digest ] ) ) {
		keep_role_list( $digest, $kept['lists'][ $digest ], $now );
		return $kept['lists'][ $digest ];
	}
	if ( $now - $kept['tried_at'] >= FETCH_EVERY_SEC || $kept['tried'] !== $digest ) {
		// Written first: requests that come meanwhile do not ask as well.
		$kept['tried_at'] = $now;
		$kept['tried']    = $digest;
		$kept['error']    = 'not answered yet';
		update_option( ROLE_LISTS_OPTION, $kept, true );
		$list          = array();
		$kept['error'] = ask_for_role_list( $digest, $list );
		if ( '' === $kept['error'] ) {
			keep_role_list( $digest, $list, $now );
			return $list;
		}
		update_option( ROLE_LISTS_OPTION, $kept, true );
	}
	return last_role_list( $kept );
}

/** The list that was in use last; empty when none ever was. */
function last_role_list( array $kept ): array {
	return array() === $kept['lists'] ? array() : end( $kept['lists'] );
}

/** Lists by their digest, the one in use last; and the last attempt to fetch one. */
function kept_role_lists(): array {
	$kept = get_option( ROLE_LISTS_OPTION );
	return ( is_array( $kept ) ? $kept : array() ) + array(
		'lists'    => array(),
		'tried'    => '',
		'tried_at' => 0,
		'error'    => '',
	);
}

/** Puts a list last, as the one in use. Writes only a change. */
function keep_role_list( string $digest, array $list, int $now ): void {
	$kept = kept_role_lists();
	end( $kept['lists'] );
	if ( key( $kept['lists'] ) === $digest && '' === $kept['error'] ) {
		return;
	}
	// For some seconds after a change, assertions name the old list and the new one in turns: both are kept, and neither is
	// written again then.
	if ( isset( $kept['lists'][ $digest ] ) && '' === $kept['error'] && $now - $kept['tried_at'] < FETCH_EVERY_SEC ) {
		return;
	}
	unset( $kept['lists'][ $digest ] );
	$kept['lists'][ $digest ] = $list;
	$kept['lists']            = array_slice( $kept['lists'], -MAX_ROLE_LISTS, null, true );
	$kept['error']            = '';
	$kept['tried_at']         = $now;
	update_option( ROLE_LISTS_OPTION, $kept, true );
}

/** base64url(SHA-256(sorted slugs joined by LF)). */
function role_list_digest( array $slugs ): string {
	sort( $slugs, SORT_STRING );
	return sodium_bin2base64( hash( 'sha256', implode( "\n", $slugs ), true ), SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
}

/** Where a list is fetched: beside the keys. */
function role_list_url( string $digest ): string {
	return (string) preg_replace( '~/jwks$~D', '', jwks_url() ) . '/roles/' . $digest;
}

/** Fills `$list` from the gateway. Returns what went wrong, or an empty text. */
function ask_for_role_list( string $digest, array &$list ): string {
	$body   = '';
	$failed = ask_gateway( role_list_url( $digest ), MAX_ROLE_LIST_BYTES, $body );
	if ( '' !== $failed ) {
		return $failed;
	}
	$slugs = role_slugs( json_decode( $body, true, 2 ) );
	// Whoever answered, only the list that the gateway signed for counts.
	if ( null === $slugs || role_list_digest( $slugs ) !== $digest ) {
		return 'the answer is not the list that was asked for';
	}
	$list = $slugs;
	return '';
}

/** What is wrong with the list in use, as a sentence for the administrator; empty when nothing is. */
function role_list_problem(): string {
	$kept = kept_role_lists();
	if ( '' === $kept['error'] ) {
		return '';
	}
	$details = may_see_details() ? $kept['error'] : '…';
	return array() === $kept['lists']
		/* translators: %s: error of a request. */
		? sprintf( __( 'The list of the roles that the gateway manages could not be fetched (%s), and none is known yet. Until it is there, nobody is given a role and nobody loses one. Check the address of the keys.', 'membergate' ), $details )
		/* translators: %s: error of a request. */
		: sprintf( __( 'The list of the roles that the gateway manages could not be fetched (%s). Roles are given and taken by the last list that is known; newer roles do not change until it is there. Check the address of the keys.', 'membergate' ), $details );
}
