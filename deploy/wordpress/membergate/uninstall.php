<?php
/**
 * Takes away what the plugin kept: settings, keys, notes, links and the two membership values. Accounts, roles and what
 * people wrote stay. Linked accounts have a password that nobody knows; "Lost your password?" gives them a new one.
 *
 * @package Membergate
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

global $wpdb;

$membergate_sites = is_multisite() ? get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) : array( 0 );
$membergate_metas = array( 'membergate_id', 'membergate_shown', 'membergate_approved', 'membergate_wanted_by' );
foreach ( $membergate_sites as $membergate_site ) {
	if ( $membergate_site ) {
		switch_to_blog( $membergate_site );
	}
	$membergate_settings = get_option( 'membergate_settings' );
	$membergate_settings = is_array( $membergate_settings ) ? $membergate_settings : array();
	$membergate_metas[]  = $membergate_settings['meta_type'] ?? 'membership_type';
	$membergate_metas[]  = $membergate_settings['meta_code'] ?? 'membership_code';
	$membergate_metas[]  = $membergate_settings['meta_expires'] ?? 'membership_expiration';
	delete_option( 'membergate_settings' );
	delete_option( 'membergate_keys' );
	delete_option( 'membergate_role_lists' );
	delete_transient( 'membergate_self' );
	delete_option( 'membergate_notes' );
	delete_option( 'membergate_people' );
	if ( $membergate_site ) {
		restore_current_blog();
	}
}
foreach ( array_unique( $membergate_metas ) as $membergate_meta ) {
	delete_metadata( 'user', 0, $membergate_meta, '', true );
}
// The keys end in a hash or in the number of a site, so there is no list of them.
foreach ( array( 'membergate_key_', 'membergate_version' ) as $membergate_meta ) {
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->usermeta} WHERE meta_key LIKE %s", $wpdb->esc_like( $membergate_meta ) . '%' ) );
}
