<?php
/**
 * The way into /wp-admin/. Core's version looks only at WordPress's own cookie, which a person signed in by the gateway
 * does not have. WordPress lets a plugin define this function instead; if another plugin has, settings-page.php says so.
 *
 * @package Membergate
 */

defined( 'ABSPATH' ) || exit;

if ( ! function_exists( 'auth_redirect' ) ) {
	define( 'MEMBERGATE_OWNS_AUTH_REDIRECT', true );

	/** Lets a signed-in person pass and sends everybody else to the login page. */
	function auth_redirect() {
		$path   = isset( $_SERVER['REQUEST_URI'] ) ? wp_unslash( $_SERVER['REQUEST_URI'] ) : '/'; // phpcs:ignore WordPress.Security
		$host   = isset( $_SERVER['HTTP_HOST'] ) ? wp_unslash( $_SERVER['HTTP_HOST'] ) : ''; // phpcs:ignore WordPress.Security
		$secure = apply_filters( 'secure_auth_redirect', is_ssl() || force_ssl_admin() ); // phpcs:ignore WordPress.NamingConventions
		if ( $secure && ! is_ssl() ) {
			wp_safe_redirect( 'https://' . $host . $path );
			exit;
		}
		$user_id = \Membergate\is_here_by_assertion() ? get_current_user_id() : 0;
		if ( ! $user_id ) {
			$user_id = (int) wp_validate_auth_cookie( '', apply_filters( 'auth_redirect_scheme', '' ) ); // phpcs:ignore WordPress.NamingConventions
			// While an assertion holds, or for a linked account, a WordPress cookie is not an answer.
			if ( get_current_user_id() !== $user_id ) {
				$user_id = 0;
			}
		}
		if ( $user_id ) {
			do_action( 'auth_redirect', $user_id ); // phpcs:ignore WordPress.NamingConventions
			return;
		}
		nocache_headers();
		$back = strpos( $path, '/options.php' ) && wp_get_referer() ? wp_get_referer() : set_url_scheme( 'http://' . $host . $path );
		wp_safe_redirect( wp_login_url( $back, true ) );
		exit;
	}
}
