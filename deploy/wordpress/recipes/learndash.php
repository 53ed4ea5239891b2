<?php
/**
 * Plugin Name: Membergate recipe: LearnDash groups
 * Description: Who holds a role is in a group of LearnDash, and so in its courses.
 *
 * Copy this file into wp-content/mu-plugins/ and enter your own numbers.
 *
 * @package Membergate
 */

namespace Membergate\Recipes\LearnDash;

defined( 'ABSPATH' ) || exit;

// The role, and the number of the group: the one in the address of the group's page in /wp-admin/.
const GROUPS = array(
	'member' => 101,
	'board'  => 102,
);

add_action( 'membergate_roles_changed', __NAMESPACE__ . '\\follow', 10, 3 );

/**
 * Joins and leaves groups. Several roles may lead to one group.
 *
 * @param int      $user_id The account.
 * @param string[] $old     Its roles before.
 * @param string[] $new     Its roles now.
 */
function follow( $user_id, $old, $new ): void {
	if ( ! function_exists( 'ld_update_group_access' ) ) {
		return;
	}
	$was = array_intersect_key( GROUPS, array_flip( $old ) );
	$is  = array_intersect_key( GROUPS, array_flip( $new ) );
	foreach ( array_unique( array_diff( $is, $was ) ) as $id ) {
		ld_update_group_access( $user_id, $id );
	}
	foreach ( array_unique( array_diff( $was, $is ) ) as $id ) {
		ld_update_group_access( $user_id, $id, true );
	}
}
