<?php
/**
 * WordPress's requests to itself: scheduled work (wp-cron.php), and what Site Health and the file editors try. They bring
 * nobody's session, so behind a sign-in for the whole site they end at the gateway. Looked at for the status line only.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const SELF_CHECK_SEC   = 300;
const CRON_OVERDUE_SEC = 3600;

/** The rule for the gateway's configuration that lets scheduled work through. docs/wordpress.md explains it. */
function cron_rule(): string {
	$path = (string) wp_parse_url( site_url( '/wp-cron.php' ), PHP_URL_PATH );
	return "[[site.access]]\npath = \"$path\"\nexact = true\nmethods = [\"GET\", \"POST\"]\nrequire = \"public\"\n";
}

/**
 * Where a request to ourselves ends: empty when it arrives, else what came instead. Kept for five minutes.
 *
 * wp-cron.php answers nothing and does nothing when it is asked with a lock that nobody holds. That it was WordPress that
 * answered shows in the date of 1984 which only WordPress writes.
 */
function self_request_failure(): string {
	$kept = get_transient( 'membergate_self' );
	if ( is_array( $kept ) ) {
		return (string) $kept[0];
	}
	$answer = wp_remote_post(
		site_url( '/wp-cron.php?doing_wp_cron=membergate' ),
		array(
			'timeout'     => 3,
			'redirection' => 0,
			'sslverify'   => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions
		)
	);
	if ( is_wp_error( $answer ) ) {
		$failure = $answer->get_error_message();
	} else {
		$status  = (int) wp_remote_retrieve_response_code( $answer );
		$is_ours = 200 === $status && false !== strpos( (string) wp_remote_retrieve_header( $answer, 'expires' ), '1984' );
		/* translators: %d: a number. */
		$failure = $is_ours ? '' : sprintf( __( 'status %d', 'membergate' ), $status );
	}
	set_transient( 'membergate_self', array( $failure ), SELF_CHECK_SEC );
	return $failure;
}

/** Since when scheduled work waits, or 0. */
function cron_overdue_since(): int {
	$due = array_filter( array_keys( array_filter( (array) _get_cron_array() ) ), 'is_int' );
	$due = $due ? min( $due ) : PHP_INT_MAX;
	return $due < time() - CRON_OVERDUE_SEC ? $due : 0;
}

/** What is wrong with them, as sentences for the administrator. */
function self_request_problems(): array {
	$found   = array();
	$failure = self_request_failure();
	$overdue = cron_overdue_since();
	if ( '' !== $failure ) {
		// By a task of the machine, scheduled work needs no request; Site Health and the editors still do.
		$found[] = defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON && ! $overdue
			/* translators: %s: what went wrong. */
			? sprintf( __( 'WordPress\'s own requests to itself do not arrive (%s). Scheduled work runs all the same; Site Health and the file editors may complain.', 'membergate' ), $failure )
			/* translators: %s: what went wrong. */
			: sprintf( __( 'WordPress\'s own requests to itself do not arrive (%s), so scheduled work does not run: planned posts, updates, mails. Put the rule below into the gateway\'s configuration, or run wp-cron.php by a task of the machine.', 'membergate' ), $failure );
	}
	if ( $overdue ) {
		/* translators: %s: length of time. */
		$found[] = sprintf( __( 'Scheduled work has been waiting for %s.', 'membergate' ), human_time_diff( $overdue ) );
	}
	return $found;
}
