<?php
/**
 * Which account may be linked by its e-mail address. Whoever can set an address in the association would get the account
 * and all that it may do, so it must hold nothing that somebody gave to this one person. The others are linked by hand.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

const CORE_STAFF = array( 'administrator', 'editor', 'author', 'contributor' );

/**
 * The one account that has this person's e-mail address and may be linked by it, or 0.
 *
 * @param array      $claims   `email`, which may be empty, and `managed_roles` of the person.
 * @param array|null $conflict What an administrator should know when an account matches and is not linked.
 */
function account_by_email( array $claims, &$conflict ): int {
	$conflict = null;
	$ids      = is_email( $claims['email'] ) ? accounts_with_email( $claims['email'] ) : array();
	if ( array() === $ids ) {
		return 0;
	}
	if ( count( $ids ) > 1 ) {
		$conflict = array( 'kind' => 'ambiguous', 'other' => 0 );
		return 0;
	}
	if ( '1' === setting( 'link_by_email' ) && ! is_linked( $ids[0] ) && has_nothing_of_its_own( $ids[0], $claims['managed_roles'] ) ) {
		return $ids[0];
	}
	$conflict = array( 'kind' => 'not_linked', 'other' => $ids[0] );
	return 0;
}

/** The ids of all accounts with this address. The database folds accents; an address is compared by its bytes, without case. */
function accounts_with_email( string $email ): array {
	global $wpdb;
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- get_user_by() hides that there are several.
	$rows = $wpdb->get_results( $wpdb->prepare( "SELECT ID, user_email FROM {$wpdb->users} WHERE user_email = %s LIMIT 10", $email ) );
	$ids  = array();
	foreach ( (array) $rows as $row ) {
		if ( strtolower( $row->user_email ) === strtolower( $email ) ) {
			$ids[] = (int) $row->ID;
		}
	}
	return $ids;
}

/**
 * Has nobody given this account anything, on any site of the network?
 *
 * @param int      $user_id The account.
 * @param string[] $managed Roles that are given and taken on this very request. They say nothing about other sites.
 */
function has_nothing_of_its_own( int $user_id, array $managed ): bool {
	if ( ! is_multisite() ) {
		return holds_common_roles_only( $user_id, $managed );
	}
	$here  = get_current_blog_id();
	$blogs = get_blogs_of_user( $user_id, true );
	if ( is_super_admin( $user_id ) || count( $blogs ) > 50 ) {
		return false;
	}
	foreach ( $blogs as $blog ) {
		switch_to_blog( (int) $blog->userblog_id );
		$common = holds_common_roles_only( $user_id, (int) $blog->userblog_id === $here ? $managed : array() );
		restore_current_blog();
		if ( ! $common ) {
			return false;
		}
	}
	return true;
}

/** The same for the current site: only roles that everybody gets or that follow the association, and none of the staff's rights. */
function holds_common_roles_only( int $user_id, array $managed ): bool {
	$user   = new WP_User( $user_id );
	$common = array_filter( array_merge( array( 'subscriber', (string) get_option( 'default_role' ) ), $managed ), array( wp_roles(), 'is_role' ) );
	// WordPress keeps roles and rights of one account in one list. What is no role here may be one again tomorrow.
	if ( array() !== array_diff( array_keys( $user->caps ), $common ) || array() !== array_intersect( $user->roles, CORE_STAFF ) ) {
		return false;
	}
	$administrator = get_role( 'administrator' );
	$staff         = $administrator ? array_keys( array_filter( $administrator->capabilities ) ) : array();
	$staff         = array_merge( $staff, array( 'edit_posts', 'edit_pages', 'upload_files', 'manage_options', 'edit_users', 'unfiltered_html' ) );
	$held          = array_keys( array_filter( $user->allcaps ) );
	return array() === array_diff( array_intersect( $held, $staff ), array( 'read', 'level_0' ) );
}
