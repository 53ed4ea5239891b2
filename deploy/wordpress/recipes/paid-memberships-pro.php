<?php
/**
 * Plugin Name: Membergate recipe: Paid Memberships Pro levels
 * Description: Who holds a role has a level of Paid Memberships Pro.
 *
 * Copy this file into wp-content/mu-plugins/ and enter your own numbers.
 *
 * @package Membergate
 */

namespace Membergate\Recipes\PaidMembershipsPro;

defined( 'ABSPATH' ) || exit;

// The role, and the number of the level. Use levels that nobody can buy: whoever loses the role loses the level.
const LEVELS = array(
	'member' => 1,
	'board'  => 2,
);

add_action( 'membergate_roles_changed', __NAMESPACE__ . '\\follow', 10, 3 );

/**
 * Gives and cancels these levels, and leaves others alone.
 *
 * @param int      $user_id The account.
 * @param string[] $old     Its roles before.
 * @param string[] $new     Its roles now.
 */
function follow( $user_id, $old, $new ): void {
	if ( ! function_exists( 'pmpro_changeMembershipLevel' ) ) {
		return;
	}
	$was = array_intersect_key( LEVELS, array_flip( $old ) );
	$is  = array_intersect_key( LEVELS, array_flip( $new ) );
	foreach ( array_unique( array_diff( $is, $was ) ) as $id ) {
		if ( ! pmpro_hasMembershipLevel( $id, $user_id ) ) {
			pmpro_changeMembershipLevel( $id, $user_id );
		}
	}
	foreach ( array_unique( array_diff( $was, $is ) ) as $id ) {
		pmpro_cancelMembershipLevel( $id, $user_id, 'inactive' );
	}
}
