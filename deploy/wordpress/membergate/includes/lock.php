<?php
/**
 * One request at a time changes one person's account. A visit and a statement, or two of either, would overwrite each
 * other's roles, and WordPress itself has no lock.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const LOCK_WAIT_SEC = 5;

/**
 * Does something while no other request does it for the same person, on any site of the network.
 *
 * @param string   $sub     The association id.
 * @param callable $do      What is done.
 * @param mixed    $if_busy The result when the lock could not be had in time.
 * @return mixed
 */
function with_person_lock( string $sub, callable $do, $if_busy ) {
	global $wpdb;
	static $held = array();
	$lock = substr( $wpdb->base_prefix . lookup_key( $sub ), 0, 64 );
	if ( isset( $held[ $lock ] ) ) {
		return $do(); // Old databases give one lock up when the next is asked for, even if it is the same.
	}
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a lock is not data.
	if ( '0' === $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', $lock, LOCK_WAIT_SEC ) ) ) {
		return $if_busy;
	}
	$held[ $lock ] = true;
	try {
		return $do();
	} finally {
		unset( $held[ $lock ] );
		$wpdb->query( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', $lock ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}
}
