<?php
/**
 * A table of accounts to link: the users that were compared, or the report of the comparison. Columns may have the names that
 * the gateway's comparison knows, in any order; what else is in the table is passed over.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_Error;

defined( 'ABSPATH' ) || exit;

// Without anything but letters and digits, the surest one first.
const LINK_COLUMNS = array(
	'login' => array( 'userlogin', 'login', 'username' ),
	'email' => array( 'useremail', 'email', 'emailaddress', 'mail' ),
	'sub'   => array( 'amsid', 'individualid', 'rememberid', 'remembersid', 'impexiumid', 'uniqueid', 'customeruniqueid', 'noviuniqueid', 'noviid', 'openidconnectgenericsubjectidentity', 'subjectidentity', 'subject', 'sub' ),
);

/**
 * The rows of a CSV, each user once: `login`, `email` and `sub`, empty where there is none.
 *
 * @return array|WP_Error
 */
function link_rows( string $text ) {
	$text = (string) preg_replace( '/^\xEF\xBB\xBF/', '', $text ); // Spreadsheets put a byte order mark there.
	if ( ! mb_check_encoding( $text, 'UTF-8' ) ) {
		return new WP_Error( 'not_text', 'The file is not UTF-8 text.' );
	}
	$stream = fopen( 'php://temp', 'r+' ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- memory, no file.
	fwrite( $stream, $text ); // phpcs:ignore WordPress.WP.AlternativeFunctions
	rewind( $stream );
	$mark    = link_delimiter( $text );
	$columns = link_columns( (array) fgetcsv( $stream, 0, $mark, '"', '' ) );
	$rows    = array();
	while ( false !== ( $cells = fgetcsv( $stream, 0, $mark, '"', '' ) ) ) { // phpcs:ignore WordPress.CodeAnalysis.AssignmentInCondition
		$row = array();
		foreach ( LINK_COLUMNS as $name => $ignored ) {
			$cell         = isset( $columns[ $name ] ) ? (string) ( $cells[ $columns[ $name ] ] ?? '' ) : '';
			$row[ $name ] = trim( (string) preg_replace( "/^'(?=[=+@\\t\\r-])/", '', trim( $cell ) ) ); // As the report guards spreadsheets.
		}
		if ( '' !== $row['login'] . $row['email'] ) {
			$rows[ implode( "\n", $row ) ] = $row;
		}
	}
	if ( ! isset( $columns['login'] ) && ! isset( $columns['email'] ) ) {
		return new WP_Error( 'no_account', 'The table has no column that says which account is meant. Name one user_login or user_email.' );
	}
	return array() === $rows ? new WP_Error( 'empty', 'The table has no users in it.' ) : array_values( $rows );
}

/** What separates the columns: whichever the heading has most of. */
function link_delimiter( string $text ): string {
	$heading = (string) strtok( $text, "\r\n" );
	$counts  = array( ',' => substr_count( $heading, ',' ), ';' => substr_count( $heading, ';' ), "\t" => substr_count( $heading, "\t" ) );
	arsort( $counts );
	return (string) key( $counts );
}

/** Where each of our columns is. */
function link_columns( array $heading ): array {
	$folded = array_map(
		function ( $name ) {
			return strtolower( (string) preg_replace( '/[^A-Za-z0-9]/', '', (string) $name ) );
		},
		$heading
	);
	$found  = array();
	foreach ( LINK_COLUMNS as $column => $names ) {
		foreach ( array_reverse( $names ) as $name ) {
			$at = array_search( $name, $folded, true );
			if ( false !== $at ) {
				$found[ $column ] = $at;
			}
		}
	}
	return $found;
}

/** The account that a row means, or 0: by its name, else by an e-mail address that it alone has. */
function account_of_row( array $row ): int {
	$user = '' !== $row['login'] ? get_user_by( 'login', $row['login'] ) : false;
	if ( $user ) {
		return (int) $user->ID;
	}
	// The report calls a user without a name by the address.
	if ( '' !== $row['login'] && ! is_email( $row['login'] ) ) {
		return 0;
	}
	$ids = accounts_with_email( stored_email( '' !== $row['email'] ? $row['email'] : $row['login'] ) );
	return 1 === count( $ids ) ? $ids[0] : 0;
}
