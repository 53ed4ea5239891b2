<?php
/**
 * Whether it works, and what stands in the way: for the settings page and for `wp membergate status`.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

/** Everything that keeps it from working or deserves a look, as sentences; empty when all is well. */
function problems(): array {
	$found = array();
	if ( '' === setting( 'site' ) ) {
		$found[] = __( 'The site name is not set, so nobody is signed in by the gateway.', 'membergate' );
	}
	if ( '' === public_origin() ) {
		$found[] = __( 'The public address cannot be told from the home address. Enter it below.', 'membergate' );
	}
	if ( '' === setting( 'jwks' ) ) {
		$kept = kept_keys();
		if ( '' !== $kept['error'] ) {
			$details = may_see_details() ? $kept['error'] : '…';
			/* translators: %s: error of a request. */
			$found[] = sprintf( __( 'The last attempt to fetch the keys failed: %s. Known keys stay in use.', 'membergate' ), $details );
		} elseif ( ! $kept['keys'] ) {
			$found[] = __( 'No keys yet: they are fetched when the first visitor comes, or by the button below.', 'membergate' );
		}
	} elseif ( array() === parse_jwks( setting( 'jwks' ) ) ) {
		$found[] = __( 'The pasted keys hold no Ed25519 key.', 'membergate' );
	}
	if ( ! defined( 'MEMBERGATE_OWNS_AUTH_REDIRECT' ) ) {
		$found[] = __( 'Another plugin defines auth_redirect(), so people signed in by the gateway may be turned away from /wp-admin/.', 'membergate' );
	}
	$visitor = visitor();
	$notes   = notes();
	if ( 'refused' === $visitor['state'] ) {
		/* translators: %s: what was wrong. */
		$found[] = sprintf( __( 'You yourself are signed in at the gateway, and this site refused it. %s', 'membergate' ), refusal_text( $visitor['reason'] ) );
	} elseif ( $notes['refused_at'] - $notes['accepted_at'] > NOTE_EVERY_SEC ) { // Acceptances are noted no oftener.
		/* translators: %s: what was wrong. */
		$found[] = sprintf( __( 'The last visitor who was signed in at the gateway was refused here. %s', 'membergate' ), refusal_text( $notes['refused'] ) );
	}
	$unknown = $notes['unknown_roles'];
	if ( $unknown ) {
		$shown = implode( ', ', array_slice( $unknown, 0, 50 ) ) . ( count( $unknown ) > 50 ? ', …' : '' );
		/* translators: 1: number of roles, 2: list of role names. */
		$found[] = sprintf( __( 'The gateway manages roles that this site does not have (%1$s): %2$s.', 'membergate' ), number_format_i18n( count( $unknown ) ), $shown );
	}
	return array_merge( $found, array_filter( array( role_list_problem() ) ), self_request_problems() );
}
