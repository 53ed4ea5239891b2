<?php
/**
 * Plugin Name: Membergate recipe: BuddyPress and BuddyBoss groups
 * Description: Who holds a role is in a group of BuddyPress or BuddyBoss.
 *
 * Copy this file into wp-content/mu-plugins/ and enter your own numbers.
 *
 * @package Membergate
 */

namespace Membergate\Recipes\BuddyPress;

defined( 'ABSPATH' ) || exit;

// The role, and the number of the group: the gid in the address of the group's page in /wp-admin/.
const GROUPS = array(
	'member' => 1,
	'board'  => 2,
);

add_action( 'membergate_roles_changed', __NAMESPACE__ . '\\follow', 10, 3 );

/**
 * Joins and leaves groups. The only organizer of a group stays in it: BuddyPress says so.
 *
 * @param int      $user_id The account.
 * @param string[] $old     Its roles before.
 * @param string[] $new     Its roles now.
 */
function follow( $user_id, $old, $new ): void {
	if ( ! function_exists( 'groups_join_group' ) ) {
		return;
	}
	$was = array_intersect_key( GROUPS, array_flip( $old ) );
	$is  = array_intersect_key( GROUPS, array_flip( $new ) );
	foreach ( array_unique( array_diff( $is, $was ) ) as $id ) {
		groups_join_group( $id, $user_id );
	}
	foreach ( array_unique( array_diff( $was, $is ) ) as $id ) {
		groups_leave_group( $id, $user_id );
	}
}
