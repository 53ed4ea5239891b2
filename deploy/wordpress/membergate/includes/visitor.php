<?php
/**
 * Who is asking on this request. The signed assertion decides, again each time; there is no session on this side.
 *
 * - A true assertion wins over every cookie and password.
 * - Without one, WordPress's own ways in stay as they are, but never for an account that is linked.
 * - One that is refused counts as none: it opens nothing, and it does not lock an administrator out of the repair.
 * The plain Membergate-* headers are never read.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;

defined( 'ABSPATH' ) || exit;

const SHOWN_META = 'membergate_shown';
const MAX_SHOWN  = 12;

add_filter( 'determine_current_user', __NAMESPACE__ . '\\current_user_id', 100 );
add_filter( 'rest_authentication_errors', __NAMESPACE__ . '\\demand_rest_nonce', 99 );
add_filter( 'wp_is_application_passwords_available_for_user', __NAMESPACE__ . '\\no_application_passwords', 100, 2 );

/** The text of the assertion; empty when the request has none. */
function presented_assertion(): string {
	$header = $_SERVER['HTTP_MEMBERGATE_ASSERTION'] ?? ''; // phpcs:ignore WordPress.Security -- verified byte by byte, never printed.
	return is_string( $header ) ? $header : '';
}

/**
 * What this request's assertion came to, worked out once.
 *
 * @return array `state`: none, accepted or refused; `reason` of a refusal; `user_id`, 0, and `claims`, empty, unless accepted.
 */
function visitor(): array {
	static $known = null;
	static $busy  = false;
	if ( null !== $known ) {
		return $known;
	}
	$nobody = array( 'state' => 'none', 'reason' => '', 'user_id' => 0, 'claims' => array() );
	// Hooks of other plugins ask who is signed in while the account is being made: nobody yet.
	if ( $busy || '' === presented_assertion() || wp_installing() ) {
		return $nobody;
	}
	$busy  = true;
	$known = admit( presented_assertion(), time() );
	$busy  = false;
	return $known;
}

/** Verifies an assertion and brings the account in step with it. */
function admit( string $token, int $now ): array {
	$claims = verify_assertion( $token, public_origin(), setting( 'site' ), __NAMESPACE__ . '\\find_key', $now );
	if ( ! is_wp_error( $claims ) ) {
		$claims['managed_roles'] = managed_roles( $claims, $now );
	}
	$user = is_wp_error( $claims ) ? $claims : account_for( $claims );
	if ( ! is_wp_error( $user ) && ! is_first_shower( $user->ID, $claims, $now ) ) {
		$user = new WP_Error( 'replayed' );
	}
	if ( is_wp_error( $user ) ) {
		note_refused( $user->get_error_code(), $now );
		return array( 'state' => 'refused', 'reason' => $user->get_error_code(), 'user_id' => 0, 'claims' => array() );
	}
	follow_visit( $user, $claims );
	note_accepted( $now );
	return array( 'state' => 'accepted', 'reason' => '', 'user_id' => $user->ID, 'claims' => $claims );
}

/**
 * Replay: an assertion is good only from the network address that showed it first.
 *
 * The gateway shows one assertion again for up to 30 seconds of the same session, so "once" cannot be the rule. What a
 * thief can do with a copied one is come from elsewhere; that is refused for as long as it lives. See readme.txt.
 */
function is_first_shower( int $user_id, array $claims, int $now ): bool {
	if ( '1' !== setting( 'bind_address' ) ) {
		return true;
	}
	$from  = (string) ( $_SERVER['REMOTE_ADDR'] ?? '' ); // phpcs:ignore WordPress.Security -- hashed, never printed.
	$id    = substr( hash( 'sha256', $claims['jti'] ), 0, 24 );
	$from  = substr( hash( 'sha256', $claims['jti'] . '|' . $from ), 0, 24 );
	$shown = get_user_meta( $user_id, SHOWN_META, true );
	$shown = is_array( $shown ) ? $shown : array();
	if ( isset( $shown[ $id ] ) ) {
		return $shown[ $id ]['from'] === $from;
	}
	foreach ( $shown as $old => $entry ) {
		if ( $entry['until'] < $now ) {
			unset( $shown[ $old ] );
		}
	}
	$shown[ $id ] = array( 'from' => $from, 'until' => $claims['exp'] + LEEWAY_SEC );
	update_user_meta( $user_id, SHOWN_META, array_slice( $shown, -MAX_SHOWN, null, true ) );
	return true;
}

/**
 * The last word on who is signed in.
 *
 * @param int|false $user_id Whom cookies or an application password name.
 * @return int|false
 */
function current_user_id( $user_id ) {
	$visitor = visitor();
	if ( 'accepted' === $visitor['state'] ) {
		return $visitor['user_id'];
	}
	return $user_id && is_linked( (int) $user_id ) ? false : $user_id;
}

/** Is the current user the one whom the assertion names? */
function is_here_by_assertion(): bool {
	$visitor = visitor();
	return 'accepted' === $visitor['state'] && get_current_user_id() === $visitor['user_id'];
}

/**
 * The browser brings the assertion along by itself, just like a cookie. So another website could make it act here, and
 * WordPress must ask for its nonce as it does with its own cookie.
 *
 * @param mixed $result What earlier filters found.
 * @return mixed
 */
function demand_rest_nonce( $result ) {
	if ( is_here_by_assertion() ) {
		$GLOBALS['wp_rest_auth_cookie'] = true; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- the switch that core offers.
	}
	return $result;
}

/**
 * A linked account has no other way in, so what is lost in the association is lost here.
 *
 * @param bool     $available What WordPress would say.
 * @param \WP_User $user      The account.
 */
function no_application_passwords( $available, $user ): bool {
	return $available && ! is_linked( (int) $user->ID );
}
