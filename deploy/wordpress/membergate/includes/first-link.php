<?php
/**
 * Which account may be linked by its e-mail address. Whoever can set an address in the association would get the account
 * and all that it may do.
 *
 * - An account with rights of the staff is never linked by its address, whatever the settings say.
 * - Another one is, if nobody gave it anything: it holds only roles that make no account hand-made, or an administrator
 *   has approved it (accounts-page.php).
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

const CORE_STAFF    = array( 'administrator', 'editor', 'author', 'contributor' );
const APPROVED_META = 'membergate_approved';
const WANTED_META   = 'membergate_wanted_by';

// Rights that administrators do not always hold themselves, such as those of a forum's moderators or a shop's managers.
const STAFF_RIGHT = '/^(manage|moderate|edit_others|delete_others|edit_private|delete_private|publish_pages|install|activate|update|switch|upload|unfiltered|promote|create_users|delete_users|edit_users|remove_users|list_users|edit_theme|edit_dashboard|edit_files|edit_plugins|edit_themes|import|export|assign_moderators|keep_gate|throttle|view_trash)(_|$)/';

/**
 * The one account that has this person's e-mail address and may be linked by it, or 0.
 *
 * @param array      $claims   `email`, which may be empty, and `managed_roles` of the person.
 * @param array|null $conflict What an administrator should know when an account matches and is not linked.
 */
function account_by_email( array $claims, &$conflict ): int {
	$conflict = null;
	$ids      = accounts_with_email( stored_email( $claims['email'] ) );
	if ( array() === $ids ) {
		return 0;
	}
	if ( count( $ids ) > 1 ) {
		$conflict = array( 'kind' => 'ambiguous', 'other' => 0 );
		return 0;
	}
	if ( '1' === setting( 'link_by_email' ) && '' === why_not_linked( $ids[0], $claims['managed_roles'] ) ) {
		return $ids[0];
	}
	$conflict = array( 'kind' => 'not_linked', 'other' => $ids[0] );
	return 0;
}

/**
 * The ids of all accounts with this address. The database folds accents; an address is compared by its bytes, without case.
 *
 * @param string $email As WordPress stores it: see stored_email(). Other programs may have stored it as it is written.
 */
function accounts_with_email( string $email ): array {
	global $wpdb;
	if ( '' === $email ) {
		return array();
	}
	$forms = array_values( array_unique( array_map( 'strtolower', array( $email, wp_specialchars_decode( $email, ENT_QUOTES ) ) ) ) );
	$last  = $forms[ count( $forms ) - 1 ];
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- get_user_by() hides that there are several.
	$rows = $wpdb->get_results( $wpdb->prepare( "SELECT ID, user_email FROM {$wpdb->users} WHERE user_email IN ( %s, %s ) LIMIT 10", $forms[0], $last ) );
	$ids  = array();
	foreach ( (array) $rows as $row ) {
		if ( in_array( strtolower( $row->user_email ), $forms, true ) ) {
			$ids[] = (int) $row->ID;
		}
	}
	return $ids;
}

/**
 * Why this account is not linked by its e-mail address: `linked`, `staff` or `own`. Empty when it may be.
 *
 * @param int      $user_id The account.
 * @param string[] $managed Roles that are given and taken on this very request. They say nothing about other sites.
 */
function why_not_linked( int $user_id, array $managed ): string {
	if ( is_linked( $user_id ) ) {
		return 'linked';
	}
	$holds = holds_on_all_sites( $user_id, $managed );
	if ( 'own' === $holds && '1' === (string) get_user_meta( $user_id, APPROVED_META, true ) ) {
		return '';
	}
	return $holds;
}

/** What this account holds, on any site of the network: `staff`: rights of the staff; `own`: something that somebody gave it; or nothing. */
function holds_on_all_sites( int $user_id, array $managed ): string {
	if ( ! is_multisite() ) {
		return holds_here( $user_id, $managed );
	}
	$here  = get_current_blog_id();
	$blogs = get_blogs_of_user( $user_id, true );
	if ( is_super_admin( $user_id ) || count( $blogs ) > 50 ) {
		return 'staff';
	}
	$worst = '';
	foreach ( $blogs as $blog ) {
		switch_to_blog( (int) $blog->userblog_id );
		$holds = holds_here( $user_id, (int) $blog->userblog_id === $here ? $managed : array() );
		restore_current_blog();
		if ( 'staff' === $holds ) {
			return 'staff';
		}
		$worst = '' === $worst ? $holds : $worst;
	}
	return $worst;
}

/** The same for the current site. */
function holds_here( int $user_id, array $managed ): string {
	$user = new WP_User( $user_id );
	if ( is_staff( $user ) ) {
		return 'staff';
	}
	// WordPress keeps roles and rights of one account in one list. What is no role here may be one again tomorrow.
	$roles = array_filter( array_keys( $user->caps ), array( wp_roles(), 'is_role' ) );
	$own   = array_filter(
		array_diff( $roles, $managed ),
		function ( $role ) {
			return ! is_common_role( (string) $role );
		}
	);
	return array() === $own && count( $roles ) === count( $user->caps ) ? '' : 'own';
}

/** Does this account hold a core role or a right of those who run the site? */
function is_staff( WP_User $user ): bool {
	// Its own list, because another plugin may hide a role from what is shown.
	if ( array() !== array_intersect( array_merge( $user->roles, array_keys( $user->caps ) ), CORE_STAFF ) ) {
		return true;
	}
	$administrator = get_role( 'administrator' );
	$staff         = $administrator ? array_keys( array_filter( $administrator->capabilities ) ) : array();
	$staff         = array_merge( $staff, array( 'edit_posts', 'edit_pages', 'upload_files', 'manage_options', 'edit_users', 'unfiltered_html' ) );
	$held          = array_map( 'strval', array_keys( array_filter( $user->allcaps ) ) );
	return array() !== array_diff( array_intersect( $held, $staff ), array( 'read', 'level_0' ) )
		|| array() !== preg_grep( STAFF_RIGHT, $held );
}

/** Is this a role that does not make an account hand-made: the site's default role, or one that the settings name? */
function is_common_role( string $role ): bool {
	if ( (string) get_option( 'default_role' ) === $role ) {
		return true;
	}
	foreach ( common_roles() as $pattern ) {
		if ( $pattern === $role || ( '*' === substr( $pattern, -1 ) && 0 === strpos( $role, substr( $pattern, 0, -1 ) ) ) ) {
			return true;
		}
	}
	return false;
}
