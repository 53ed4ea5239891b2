<?php
/**
 * The association id in a user's profile: where an administrator links a privileged account by hand, or takes a wrong
 * link away.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;
use WP_User;

defined( 'ABSPATH' ) || exit;

add_action( 'show_user_profile', __NAMESPACE__ . '\\render_link' );
add_action( 'edit_user_profile', __NAMESPACE__ . '\\render_link' );
add_action( 'user_profile_update_errors', __NAMESPACE__ . '\\save_link', 10, 3 );

/** The field. */
function render_link( WP_User $user ): void {
	if ( ! current_user_can( settings_capability() ) ) {
		return;
	}
	wp_nonce_field( 'membergate_link_' . $user->ID, 'membergate_link_nonce' );
	printf(
		'<h2>Membergate</h2><table class="form-table" role="presentation"><tr><th><label for="membergate_id">%s</label></th><td><input id="membergate_id" name="membergate_id" class="regular-text" value="%s"><p class="description">%s</p></td></tr></table>',
		esc_html__( 'Association id', 'membergate' ),
		esc_attr( (string) get_user_meta( $user->ID, ID_META, true ) ),
		esc_html__( 'The person with this id uses this account, with all its rights, and its password no longer opens it. Empty: not linked.', 'membergate' )
	);
}

/**
 * Checks and saves the field together with the rest of the profile.
 *
 * @param WP_Error  $errors Shown above the profile; any error means that nothing is saved.
 * @param bool      $update Is it an existing account?
 * @param \stdClass $user   The account as posted.
 */
function save_link( $errors, $update, $user ): void {
	if ( ! $update || ! isset( $_POST['membergate_id'], $_POST['membergate_link_nonce'], $user->ID ) || ! current_user_can( settings_capability() ) ) {
		return;
	}
	if ( ! wp_verify_nonce( sanitize_key( $_POST['membergate_link_nonce'] ), 'membergate_link_' . $user->ID ) || $errors->has_errors() ) {
		return;
	}
	$sub = sanitize_text_field( wp_unslash( $_POST['membergate_id'] ) );
	if ( (string) get_user_meta( $user->ID, ID_META, true ) === $sub ) {
		return;
	}
	if ( '' === $sub ) {
		unlink_account( (int) $user->ID );
		return;
	}
	$owner = linked_account( $sub );
	if ( $owner || ! is_short_text( $sub, 1, 190 ) ) {
		$errors->add( 'membergate_id', __( 'This association id cannot be used: it is linked with another account already. Empty it there first.', 'membergate' ) );
		return;
	}
	link_account( (int) $user->ID, $sub );
}
