<?php
/**
 * Users → Not linked: every account that no person of the association uses, with what linking it would come to, and the
 * form that links many after a preview. An account of the staff is linked alone, by a decision of its own.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User_Query;

defined( 'ABSPATH' ) || exit;

const ACCOUNTS_PAGE     = 'membergate-accounts';
const ACCOUNTS_PER_PAGE = 50;
const MOST_AT_ONCE      = 1000;

add_action( 'admin_menu', __NAMESPACE__ . '\\add_accounts_page' );
add_action( 'admin_post_membergate_link_accounts', __NAMESPACE__ . '\\do_linking' );

/** The entry in the menu. */
function add_accounts_page(): void {
	$hook = add_users_page( __( 'Accounts not linked', 'membergate' ), __( 'Not linked', 'membergate' ), settings_capability(), ACCOUNTS_PAGE, __NAMESPACE__ . '\\render_accounts_page' );
	add_action( 'load-' . $hook, __NAMESPACE__ . '\\check_choice' );
}

/** What was chosen comes from the list, or goes nowhere. Asked before anything is printed. */
function check_choice(): void {
	if ( '' !== chosen_deed() ) {
		check_admin_referer( 'bulk-accounts' );
	}
}

/** Address of the page. */
function accounts_url( array $arguments = array() ): string {
	return add_query_arg( array_map( 'rawurlencode', array_filter( $arguments, 'strlen' ) ), admin_url( 'users.php?page=' . ACCOUNTS_PAGE ) );
}

/** Which accounts are asked for: all, or `wanted`. */
function asked_view(): string {
	return 'wanted' === ( $_REQUEST['view'] ?? '' ) ? 'wanted' : ''; // phpcs:ignore WordPress.Security.NonceVerification
}

/** What is searched for. */
function asked_search(): string {
	$said = $_REQUEST['s'] ?? ''; // phpcs:ignore WordPress.Security
	return is_string( $said ) ? mb_substr( sanitize_text_field( wp_unslash( $said ) ), 0, 100 ) : '';
}

/** Accounts without a link. On a network: all of the network, for a link counts on each of its sites. */
function accounts_query( string $view, string $search, int $count, int $page ): WP_User_Query {
	$meta = array( array( 'key' => ID_META, 'compare' => 'NOT EXISTS' ) );
	if ( 'wanted' === $view ) {
		$meta[] = array( 'key' => WANTED_META, 'compare' => 'EXISTS' );
	}
	$asked = array(
		'blog_id'     => 0,
		'meta_query'  => $meta, // phpcs:ignore WordPress.DB.SlowDBQuery
		'number'      => $count,
		'paged'       => $page,
		'orderby'     => 'login',
		'count_total' => true,
	);
	if ( '' !== $search ) {
		// As stored, or an address with an ampersand is not found.
		$asked['search']         = '*' . str_replace( '&', '&amp;', wp_specialchars_decode( $search, ENT_QUOTES ) ) . '*';
		$asked['search_columns'] = array( 'user_login', 'user_email', 'display_name' );
	}
	return new WP_User_Query( $asked );
}

/** The page: the list, or the preview of what was chosen. */
function render_accounts_page(): void {
	if ( ! current_user_can( settings_capability() ) ) {
		return;
	}
	require_once __DIR__ . '/accounts-table.php';
	echo '<div class="wrap"><h1 class="wp-heading-inline">' . esc_html__( 'Accounts not linked', 'membergate' ) . '</h1><hr class="wp-header-end">';
	$deed = chosen_deed();
	if ( '' !== $deed ) {
		render_preview( $deed, chosen_accounts() );
	} else {
		render_result();
		render_accounts();
	}
	echo '</div>';
}

/** Which of the buttons was pressed. */
function chosen_deed(): string {
	foreach ( array( 'action', 'action2' ) as $name ) {
		if ( in_array( $_REQUEST[ $name ] ?? '', array( 'preview', 'withdraw' ), true ) ) { // phpcs:ignore WordPress.Security.NonceVerification
			return $_REQUEST[ $name ]; // phpcs:ignore WordPress.Security -- one of two words.
		}
	}
	return isset( $_REQUEST['everything'] ) ? 'preview' : ''; // phpcs:ignore WordPress.Security.NonceVerification
}

/** The accounts that were ticked, or all that the list has, up to a limit. */
function chosen_accounts(): array {
	if ( isset( $_REQUEST['everything'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification
		return wp_list_pluck( accounts_query( asked_view(), asked_search(), MOST_AT_ONCE, 1 )->get_results(), 'ID' );
	}
	$said = $_REQUEST['accounts'] ?? array(); // phpcs:ignore WordPress.Security -- numbers below.
	$said = is_string( $said ) ? explode( ',', $said ) : (array) $said;
	return array_slice( array_values( array_unique( array_filter( array_map( 'absint', array_filter( $said, 'is_scalar' ) ) ) ) ), 0, MOST_AT_ONCE );
}

/** The list. */
function render_accounts(): void {
	$table = new Accounts_Table();
	$table->prepare_items();
	echo '<p>' . esc_html__( 'People of the association do not use these accounts. An account that holds only roles which make no account hand-made (Settings → Membergate) is linked by itself when somebody with its e-mail address comes. For the others you decide: whoever has the e-mail address of an account in the association gets the account, with all that belongs to it.', 'membergate' ) . '</p>';
	$table->views();
	printf( '<form method="get" action="%s"><input type="hidden" name="page" value="%s"><input type="hidden" name="view" value="%s">', esc_url( admin_url( 'users.php' ) ), esc_attr( ACCOUNTS_PAGE ), esc_attr( asked_view() ) );
	// Not WordPress's own box, which on a phone lies below the list that it belongs to, and this one stands alone.
	printf( '<p style="clear:both"><label class="screen-reader-text" for="membergate-search">%1$s</label><input type="search" id="membergate-search" name="s" value="%2$s"> <button class="button">%1$s</button></p></form>', esc_html__( 'Search', 'membergate' ), esc_attr( asked_search() ) );
	printf( '<form method="post" action="%s">', esc_url( accounts_url( array( 'view' => asked_view(), 's' => asked_search() ) ) ) );
	$table->display();
	$total = (int) $table->get_pagination_arg( 'total_items' );
	if ( $total ) {
		/* translators: %s: number of accounts. */
		printf( '<p><button class="button" name="everything" value="1">%s</button></p>', esc_html( sprintf( __( 'Show what happens if all %s are linked', 'membergate' ), number_format_i18n( min( $total, MOST_AT_ONCE ) ) ) ) );
	}
	echo '</form>';
}

/** What would happen to these accounts. Changes nothing. */
function render_preview( string $deed, array $accounts ): void {
	$counts = array();
	$rows   = '';
	$alone  = 'preview' === $deed && 1 === count( $accounts ) && is_decided_alone( linking_outcome( $accounts[0] ) );
	foreach ( $accounts as $id ) {
		$outcome                    = linking_outcome( $id );
		$outcome['kind']            = $alone ? 'alone' : $outcome['kind'];
		$counts[ $outcome['kind'] ] = ( $counts[ $outcome['kind'] ] ?? 0 ) + 1;
		$user                       = get_userdata( $id );
		$text                       = 'withdraw' === $deed ? withdraw_text( $id ) : outcome_text( $outcome );
		$rows                      .= sprintf( '<tr><td>%s</td><td>%s</td><td>%s</td></tr>', account_link( $id ), esc_html( $user ? implode( ', ', array_map( 'strval', array_keys( $user->caps ) ) ) : '' ), esc_html( $text ) );
	}
	$now    = ( $counts['move'] ?? 0 ) + ( $counts['alone'] ?? 0 );
	$later  = $counts['approve'] ?? 0;
	$effect = 'withdraw' === $deed ? count( $accounts ) : $now + $later;
	echo '<h2>' . esc_html__( 'Nothing has changed yet', 'membergate' ) . '</h2><p class="membergate-preview">';
	if ( 'withdraw' === $deed ) {
		esc_html_e( 'These approvals would be withdrawn.', 'membergate' );
	} else {
		/* translators: 1: number, 2: number, 3: number. */
		echo esc_html( sprintf( __( 'Linked at once: %1$s. Linked when their person comes: %2$s. Nothing happens: %3$s.', 'membergate' ), number_format_i18n( $now ), number_format_i18n( $later ), number_format_i18n( count( $accounts ) - $now - $later ) ) );
	}
	if ( $alone ) {
		echo ' ' . esc_html__( 'It holds rights of those who run the site, so it needs your confirmation.', 'membergate' );
	}
	echo '</p><table class="widefat striped"><thead><tr><th>' . esc_html__( 'Account', 'membergate' ) . '</th><th>' . esc_html__( 'Roles', 'membergate' ) . '</th><th>' . esc_html__( 'What would happen', 'membergate' ) . '</th></tr></thead><tbody>';
	echo $rows . '</tbody></table>'; // phpcs:ignore WordPress.Security.EscapeOutput -- escaped above.
	printf( '<form method="post" action="%s"><input type="hidden" name="action" value="membergate_link_accounts"><input type="hidden" name="deed" value="%s"><input type="hidden" name="accounts" value="%s">', esc_url( admin_url( 'admin-post.php' ) ), esc_attr( $deed ), esc_attr( implode( ',', $accounts ) ) );
	wp_nonce_field( 'membergate_link_accounts' );
	if ( $alone ) {
		echo '<p><label><input type="checkbox" name="even_staff" value="1" required> ' . esc_html__( 'I know this person, and that the account is theirs. They get it with all its rights, and its password no longer opens it.', 'membergate' ) . '</label></p>';
	}
	echo '<p>';
	if ( $effect ) {
		printf( '<button class="button button-primary">%s</button> ', esc_html( 'withdraw' === $deed ? __( 'Withdraw', 'membergate' ) : __( 'Link', 'membergate' ) ) );
	}
	printf( '<a class="button" href="%s">%s</a></p></form>', esc_url( accounts_url( array( 'view' => asked_view(), 's' => asked_search() ) ) ), esc_html__( 'Back', 'membergate' ) );
}

/** What withdrawing comes to. */
function withdraw_text( int $user_id ): string {
	return '1' === (string) get_user_meta( $user_id, APPROVED_META, true ) ? __( 'The approval is withdrawn.', 'membergate' ) : __( 'There is no approval.', 'membergate' );
}

/** Does what the preview said. */
function do_linking(): void {
	if ( ! current_user_can( settings_capability() ) ) {
		wp_die( esc_html__( 'You may not do this.', 'membergate' ), '', array( 'response' => 403 ) );
	}
	check_admin_referer( 'membergate_link_accounts' );
	$accounts = chosen_accounts();
	$done     = array( 'move' => 0, 'approve' => 0, 'withdraw' => 0 );
	foreach ( $accounts as $id ) {
		if ( 'withdraw' === ( $_POST['deed'] ?? '' ) ) {
			$done['withdraw'] += delete_user_meta( $id, APPROVED_META ) ? 1 : 0;
			continue;
		}
		$kind = link_by_decision( $id, 1 === count( $accounts ) && '1' === ( $_POST['even_staff'] ?? '' ) );
		if ( '' !== $kind ) {
			++$done[ $kind ];
		}
	}
	wp_safe_redirect( accounts_url( array_map( 'strval', array_filter( $done ) ) + array( 'done' => '1' ) ) );
	exit;
}

/** What was done, above the list. */
function render_result(): void {
	if ( ! isset( $_GET['done'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification
		return;
	}
	$count = function ( $name ) {
		return number_format_i18n( absint( $_GET[ $name ] ?? 0 ) ); // phpcs:ignore WordPress.Security
	};
	/* translators: 1: number, 2: number, 3: number. */
	printf( '<div class="notice notice-success"><p>%s</p></div>', esc_html( sprintf( __( 'Linked: %1$s. Approved: %2$s. Approvals withdrawn: %3$s.', 'membergate' ), $count( 'move' ), $count( 'approve' ), $count( 'withdraw' ) ) ) );
}
