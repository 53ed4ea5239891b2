<?php
/**
 * Who does not hold the roles that the gateway told last, because somebody changed them here, or because a role was made since.
 *
 * What was told last still holds: the gateway sends each change, and nothing else.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

const RESYNC_CHUNK = 500;

/** The linked accounts, with whether the gateway told about each on this site: id => bool. */
function linked_accounts_told(): array {
	global $wpdb;
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery
	$ids  = array_map( 'intval', $wpdb->get_col( $wpdb->prepare( "SELECT user_id FROM {$wpdb->usermeta} WHERE meta_key = %s ORDER BY user_id", ID_META ) ) );
	$told = array();
	foreach ( array_chunk( $ids, RESYNC_CHUNK ) as $chunk ) {
		cache_users( $chunk );
		foreach ( $chunk as $id ) {
			if ( ! is_multisite() || is_user_member_of_blog( $id ) ) {
				$told[ $id ] = 0 !== told( $id )['version'];
			}
		}
	}
	return $told;
}

/** What was told last about this account, in the form of claims about its roles. */
function told_claims( int $user_id ): array {
	return array( 'roles' => told( $user_id )['roles'], 'managed_roles' => last_role_list( kept_role_lists() ) );
}

/** Gives and takes roles as they were told last. Returns whether anything changed. */
function resync( int $user_id ): bool {
	$follow = function () use ( $user_id ) {
		clean_user_cache( $user_id );
		return 0 !== told( $user_id )['version'] && follow_roles( new WP_User( $user_id ), told_claims( $user_id ) )['changed'];
	};
	return with_person_lock( (string) get_user_meta( $user_id, ID_META, true ), $follow, false );
}
