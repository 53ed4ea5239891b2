<?php
/**
 * What other plugins are told, so that a course, a level or a group can follow a role. docs/wordpress.md has recipes.
 *
 *     do_action( 'membergate_roles_changed', int $user_id, string[] $old_roles, string[] $new_roles );
 *     do_action( 'membergate_person_removed', int $user_id );
 *
 * Once for each change, after it is written. At a visit the person is known before other plugins are ready, so it waits
 * until WordPress has loaded.
 *
 * @package Membergate
 */

namespace Membergate;

use Throwable;

defined( 'ABSPATH' ) || exit;

/** The roles of an account on the current site have changed. All its roles, also those that nobody manages. */
function announce_roles( int $user_id, array $old, array $new ): void {
	if ( array() !== array_diff( $old, $new ) || array() !== array_diff( $new, $old ) ) {
		announce( 'membergate_roles_changed', array( $user_id, $old, $new ) );
	}
}

/** The person of this account is no longer in the association. */
function announce_removal( int $user_id ): void {
	announce( 'membergate_person_removed', array( $user_id ) );
}

/** Tells it now, or as soon as other plugins are ready: an answer that ends early tells it at its end. */
function announce( string $action, array $said ): void {
	if ( did_action( 'wp_loaded' ) ) {
		tell_plugins( $action, $said );
		return;
	}
	$once = function () use ( $action, $said, &$once ) {
		remove_action( 'wp_loaded', $once, 20 );
		remove_action( 'shutdown', $once, 0 );
		tell_plugins( $action, $said );
	};
	add_action( 'wp_loaded', $once, 20 );
	add_action( 'shutdown', $once, 0 );
}

/** Another plugin's failure must not keep the next person's roles from following. The log names the place, never a person. */
function tell_plugins( string $action, array $said ): void {
	try {
		do_action_ref_array( $action, $said ); // phpcs:ignore WordPress.NamingConventions -- both begin with our name.
	} catch ( Throwable $failure ) {
		// phpcs:ignore WordPress.PHP.DevelopmentFunctions
		error_log( sprintf( 'Membergate: a plugin failed in %s: %s in %s:%d', $action, get_class( $failure ), $failure->getFile(), $failure->getLine() ) );
	}
}
