<?php
/**
 * The login page and the ways out: a button to the gateway above the password form, which stays for accounts that are
 * not linked; the logout link goes on to the gateway's.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;
use WP_User;

defined( 'ABSPATH' ) || exit;

add_filter( 'login_message', __NAMESPACE__ . '\\login_message' );
add_filter( 'authenticate', __NAMESPACE__ . '\\refuse_password', 100 );
add_filter( 'allow_password_reset', __NAMESPACE__ . '\\refuse_reset', 100, 2 );
add_filter( 'show_password_fields', __NAMESPACE__ . '\\hide_password_fields', 100, 2 );
add_filter( 'logout_redirect', __NAMESPACE__ . '\\logout_redirect', 100 );
add_filter( 'allowed_redirect_hosts', __NAMESPACE__ . '\\allow_own_origin' );

/** An address of the gateway on this site. */
function gate_url( string $path, string $return_to = '' ): string {
	$url = public_origin() . '/_gate/' . $path;
	return '' === $return_to ? $url : $url . '?return_to=' . rawurlencode( $return_to );
}

/** The path on this site to which a person goes after signing in. Anything on another site becomes the home page. */
function path_here( string $url ): string {
	$url = wp_validate_redirect( $url, '' );
	if ( '' !== $url && '/' !== $url[0] && 0 === strpos( $url, public_origin() . '/' ) ) {
		$url = substr( $url, strlen( public_origin() ) );
	}
	if ( '' === $url || '/' !== $url[0] || '/' === substr( $url, 1, 1 ) ) {
		$url = (string) wp_parse_url( home_url( '/' ), PHP_URL_PATH );
	}
	return '' === $url ? '/' : $url;
}

/**
 * The button, and what stands in the way of it.
 *
 * @param string $message What WordPress would print above the form.
 */
function login_message( $message ): string {
	$action = isset( $_REQUEST['action'] ) ? sanitize_key( $_REQUEST['action'] ) : 'login'; // phpcs:ignore WordPress.Security.NonceVerification
	if ( 'login' !== $action || '' === setting( 'site' ) ) {
		return (string) $message;
	}
	$asked = isset( $_REQUEST['redirect_to'] ) && is_string( $_REQUEST['redirect_to'] ) ? wp_unslash( $_REQUEST['redirect_to'] ) : ''; // phpcs:ignore WordPress.Security
	$back  = path_here( $asked );
	$here  = visitor();
	if ( 'accepted' === $here['state'] ) {
		return $message . signed_in_notice( $back );
	}
	if ( 'refused' === $here['state'] ) {
		return $message . refused_notice( $here['reason'] );
	}
	// The small window over an editor whose session ended: the association's page refuses frames, and the text must stay.
	$window = isset( $_REQUEST['interim-login'] ) ? ' target="_blank" rel="noopener"' : ''; // phpcs:ignore WordPress.Security.NonceVerification
	return $message . sprintf(
		'<p class="membergate-login" style="margin:0 0 24px;text-align:center"><a class="button button-primary button-hero" href="%s"%s>%s</a></p>',
		esc_url( gate_url( 'login', $back ) ),
		$window,
		esc_html( button_label() )
	);
}

/** Text of the button. */
function button_label(): string {
	$set = setting( 'button_label' );
	return '' !== $set ? $set : __( 'Sign in with your association account', 'membergate' );
}

/** For someone who is signed in already: the form below would have no effect. */
function signed_in_notice( string $back ): string {
	$user = get_userdata( visitor()['user_id'] );
	return sprintf(
		'<div class="message membergate-here"><p>%s</p><p><a href="%s">%s</a> | <a href="%s">%s</a></p></div>',
		/* translators: %s: name of a person. */
		esc_html( sprintf( __( 'You are signed in as %s through your association. To use a local account, sign out there first.', 'membergate' ), $user ? wp_specialchars_decode( $user->display_name ) : '' ) ),
		esc_url( public_origin() . $back ),
		esc_html__( 'Continue', 'membergate' ),
		esc_url( gate_url( 'logout' ) ),
		esc_html__( 'Sign out', 'membergate' )
	);
}

/** For someone whose assertion was refused. No button: the gateway would send them straight back, for ever. */
function refused_notice( string $reason ): string {
	return sprintf(
		'<div id="login_error" class="membergate-refused"><p>%s</p><p><a href="%s">%s</a></p></div>',
		/* translators: %s: short code of a reason. */
		esc_html( sprintf( __( 'You are signed in with your association, but this site could not confirm it (%s). Try again in a minute; if it stays so, tell the people who run this site.', 'membergate' ), $reason ) ),
		esc_url( gate_url( 'logout' ) ),
		esc_html__( 'Sign out', 'membergate' )
	);
}

/**
 * No password of this site opens a linked account: not here, not by XML-RPC, not as an application password.
 *
 * @param WP_User|WP_Error|null $user What earlier filters found.
 * @return WP_User|WP_Error|null
 */
function refuse_password( $user ) {
	if ( $user instanceof WP_User && is_linked( $user->ID ) ) {
		return new WP_Error( 'membergate_linked', __( 'This account belongs to the association. Sign in with your association account.', 'membergate' ) );
	}
	return $user;
}

/**
 * A password that opens nothing is not reset either.
 *
 * @param bool|WP_Error $allow   What earlier filters found.
 * @param int           $user_id The account.
 * @return bool|WP_Error
 */
function refuse_reset( $allow, $user_id ) {
	return is_linked( (int) $user_id ) ? false : $allow;
}

/**
 * Nor shown in the profile.
 *
 * @param bool    $show What earlier filters found.
 * @param WP_User $user The account.
 */
function hide_password_fields( $show, $user = null ): bool {
	return $show && ! ( $user instanceof WP_User && is_linked( $user->ID ) );
}

/**
 * After WordPress's own logout: the gateway's, which ends the session there and in the association.
 *
 * @param string $redirect_to Where WordPress would go.
 */
function logout_redirect( $redirect_to ): string {
	return 'accepted' === visitor()['state'] ? gate_url( 'logout' ) : (string) $redirect_to;
}

/**
 * The public origin may have another host than WordPress knows; to go there is safe.
 *
 * @param string[] $hosts Hosts to which WordPress redirects.
 */
function allow_own_origin( $hosts ): array {
	$host    = wp_parse_url( public_origin(), PHP_URL_HOST );
	$hosts   = (array) $hosts;
	$hosts[] = (string) $host;
	return array_filter( $hosts );
}
