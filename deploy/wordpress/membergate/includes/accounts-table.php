<?php
/**
 * The table of the accounts that are not linked, as WordPress draws its own: searched, in pages, and narrow on a phone.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_List_Table;

defined( 'ABSPATH' ) || exit;

require_once ABSPATH . 'wp-admin/includes/class-wp-list-table.php';

/** Accounts without a link. */
class Accounts_Table extends WP_List_Table {

	/** Sets what WordPress calls the rows. */
	public function __construct() {
		parent::__construct( array( 'singular' => 'account', 'plural' => 'accounts', 'ajax' => false ) );
	}

	/** Columns. */
	public function get_columns(): array {
		return array(
			'cb'      => '<input type="checkbox">',
			'account' => __( 'Account', 'membergate' ),
			'email'   => __( 'E-mail address', 'membergate' ),
			'roles'   => __( 'Roles', 'membergate' ),
			'outcome' => __( 'If you link it', 'membergate' ),
		);
	}

	/** What can be done with several. */
	protected function get_bulk_actions(): array {
		return array(
			'preview'  => __( 'Link: show what happens', 'membergate' ),
			'withdraw' => __( 'Withdraw approval', 'membergate' ),
		);
	}

	/** All, or those whose person uses another account. */
	protected function get_views(): array {
		$views = array();
		foreach ( array( '' => __( 'All not linked', 'membergate' ), 'wanted' => __( 'Person uses another account', 'membergate' ) ) as $view => $label ) {
			$views[ '' === $view ? 'all' : $view ] = sprintf(
				'<a href="%s"%s>%s <span class="count">(%s)</span></a>',
				esc_url( accounts_url( array( 'view' => $view ) ) ),
				asked_view() === $view ? ' class="current" aria-current="page"' : '',
				esc_html( $label ),
				esc_html( number_format_i18n( accounts_query( $view, '', 1, 1 )->get_total() ) )
			);
		}
		return $views;
	}

	/** Reads one page. */
	public function prepare_items(): void {
		$query                 = accounts_query( asked_view(), asked_search(), ACCOUNTS_PER_PAGE, $this->get_pagenum() );
		$this->items           = $query->get_results();
		$this->_column_headers = array( $this->get_columns(), array(), array(), 'account' );
		$this->set_pagination_args( array( 'total_items' => $query->get_total(), 'per_page' => ACCOUNTS_PER_PAGE ) );
	}

	/** For an empty list. */
	public function no_items(): void {
		esc_html_e( 'No account is left.', 'membergate' );
	}

	/** The box before a row. */
	protected function column_cb( $user ): string {
		/* translators: %s: account. */
		return sprintf( '<label class="screen-reader-text" for="account-%1$d">%2$s</label><input type="checkbox" id="account-%1$d" name="accounts[]" value="%1$d">', $user->ID, esc_html( sprintf( __( 'Choose %s', 'membergate' ), $user->user_login ) ) );
	}

	/** Name and login. */
	protected function column_account( $user ): string {
		return '<strong>' . account_link( $user->ID ) . '</strong><br>' . esc_html( wp_specialchars_decode( $user->display_name, ENT_QUOTES ) );
	}

	/** Any other column. */
	protected function column_default( $user, $column ): string {
		switch ( $column ) {
			case 'email':
				return str_replace( '@', '<wbr>@', esc_html( wp_specialchars_decode( $user->user_email, ENT_QUOTES ) ) );
			case 'roles':
				return esc_html( implode( ', ', array_map( 'strval', array_keys( $user->caps ) ) ) );
			default:
				$approved = '1' === (string) get_user_meta( $user->ID, APPROVED_META, true ) ? '<strong>' . esc_html__( 'Approved.', 'membergate' ) . '</strong> ' : '';
				return $approved . esc_html( outcome_text( linking_outcome( $user->ID ) ) );
		}
	}
}
