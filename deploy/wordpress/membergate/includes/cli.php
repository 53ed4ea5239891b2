<?php
/**
 * `wp membergate`: what the settings page shows, linking many accounts from a table, and putting roles back.
 *
 * @package Membergate
 */

namespace Membergate;

use WP_CLI;
use WP_User;

defined( 'ABSPATH' ) || exit;

WP_CLI::add_command( 'membergate', __NAMESPACE__ . '\\Commands' );

/** Sees to the Membergate plugin: people of the association and their accounts. */
class Commands {

	/**
	 * Says whether it works, and whether changes arrive without a visit.
	 *
	 * Ends with 0 when nothing stands in the way, else with 1.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : `text`, or `json` for programs.
	 * ---
	 * default: text
	 * options:
	 *   - text
	 *   - json
	 * ---
	 */
	public function status( $args, $options ): void {
		$problems = problems();
		$notes    = notes();
		$people   = people_notes();
		if ( 'json' === ( $options['format'] ?? 'text' ) ) {
			$said = array(
				'ready'                => array() === $problems,
				'problems'             => $problems,
				'last_visitor'         => $notes['accepted_at'],
				'last_refused_visitor' => $notes['refused_at'],
				'last_statement'       => $people['at'],
				'refused_statements'   => (object) $people['refused'],
			) + people_counts();
			WP_CLI::line( (string) wp_json_encode( $said ) );
		} else {
			WP_CLI::line( $problems ? 'Needs attention' : 'Ready' );
			foreach ( $problems as $problem ) {
				WP_CLI::line( '  ! ' . $problem );
			}
			WP_CLI::line( sprintf( 'Last visitor accepted: %s. Last one refused: %s %s', when( $notes['accepted_at'] ), when( $notes['refused_at'] ), '' === $notes['refused'] ? '' : '(' . $notes['refused'] . ')' ) );
			foreach ( people_lines() as $line ) {
				WP_CLI::line( $line );
			}
		}
		WP_CLI::halt( $problems ? 1 : 0 );
	}

	/**
	 * Links accounts with people of the association, from a table.
	 *
	 * The table is a CSV with the columns `user_login` or `user_email`, and `ams_id` where it is known; the report of the
	 * gateway's comparison is one. With an id an account is linked at once. Without one it is approved, and linked when somebody
	 * with its e-mail address comes. Accounts that help to run the site are left out.
	 *
	 * Shows what would happen and changes nothing, unless you say `--yes`. Ends with 0 when every row can be or is done, with 2
	 * when some are left out, and with 1 when the table cannot be read.
	 *
	 * ## OPTIONS
	 *
	 * <file>
	 * : The table. `-` reads standard input.
	 *
	 * [--yes]
	 * : Does it.
	 *
	 * [--format=<format>]
	 * : How the rows are shown.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - csv
	 *   - json
	 * ---
	 */
	public function link( $args, $options ): void {
		$text = '-' === $args[0] || is_readable( $args[0] ) ? file_get_contents( '-' === $args[0] ? 'php://stdin' : $args[0] ) : false; // phpcs:ignore WordPress.WP.AlternativeFunctions
		$rows = false === $text ? null : link_rows( $text );
		if ( null === $rows || is_wp_error( $rows ) ) {
			WP_CLI::error( null === $rows ? 'The file cannot be read: ' . $args[0] : $rows->get_error_message() );
		}
		$does   = ! empty( $options['yes'] );
		$shown  = array();
		$counts = array( 'link' => 0, 'approve' => 0, 'as is' => 0, 'left out' => 0 );
		foreach ( plan_links( $rows ) as $plan ) {
			$group = $plan['group'];
			if ( $does && in_array( $group, array( 'link', 'approve' ), true ) && ! carry_out_link( $plan ) ) {
				$group = 'left out';
			}
			++$counts[ $group ];
			$user    = get_userdata( $plan['id'] );
			$shown[] = array( 'account' => $user ? $user->user_login : $plan['named'], 'what' => $group, 'why' => $plan['text'] );
		}
		WP_CLI\Utils\format_items( $options['format'] ?? 'table', $shown, array( 'account', 'what', 'why' ) );
		if ( 'table' === ( $options['format'] ?? 'table' ) ) {
			WP_CLI::line( sprintf( $does ? 'Linked: %d. Approved: %d. As they should be already: %d. Left out: %d.' : 'Would be linked: %d. Approved: %d. As they should be already: %d. Left out: %d. Nothing has changed yet; --yes does it.', $counts['link'], $counts['approve'], $counts['as is'], $counts['left out'] ) );
		}
		WP_CLI::halt( $counts['left out'] ? 2 : 0 );
	}

	/**
	 * Puts managed roles back that were changed here, as the gateway told them last, and names the people it never told about.
	 *
	 * The gateway sends each change, so what it told last still holds. What this site was never told it cannot put right: for
	 * that press "Send everybody again" in the gateway's administration. On a network it is about one site, chosen by `--url`.
	 *
	 * Shows what would happen and changes nothing, unless you say `--yes`. Ends with 2 when roles differ and stay so, else with 0.
	 *
	 * ## OPTIONS
	 *
	 * [--yes]
	 * : Does it.
	 *
	 * [--format=<format>]
	 * : How the accounts are shown.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - csv
	 *   - json
	 * ---
	 */
	public function sync( $args, $options ): void {
		$does   = ! empty( $options['yes'] );
		$shown  = array();
		$counts = array( 'told' => 0, 'never' => 0, 'differ' => 0, 'done' => 0 );
		foreach ( linked_accounts_told() as $id => $is_told ) {
			++$counts[ $is_told ? 'told' : 'never' ];
			$user    = new WP_User( $id );
			$changes = $is_told ? role_changes( $user, told_claims( $id ) ) : array( 'give' => array(), 'take' => array() );
			if ( $is_told && array() === array_filter( $changes ) ) {
				continue;
			}
			$is_done = $is_told && $does && resync( $id );
			$what    = $is_told ? ( $is_done ? 'put back' : 'differs' ) : 'never told';
			$shown[] = array( 'account' => $user->user_login, 'what' => $what, 'give' => implode( ', ', $changes['give'] ), 'take' => implode( ', ', $changes['take'] ) );

			$counts['differ'] += $is_told ? 1 : 0;
			$counts['done']   += $is_done ? 1 : 0;
		}
		if ( $shown || 'table' !== ( $options['format'] ?? 'table' ) ) {
			WP_CLI\Utils\format_items( $options['format'] ?? 'table', $shown, array( 'account', 'what', 'give', 'take' ) );
		}
		if ( 'table' === ( $options['format'] ?? 'table' ) ) {
			WP_CLI::line( sprintf( 'Told about by the gateway: %d. Their roles differ: %d; put back: %d. Never told about: %d.', $counts['told'], $counts['differ'], $counts['done'], $counts['never'] ) );
			if ( $counts['differ'] && ! $does ) {
				WP_CLI::line( 'Nothing has changed yet; --yes puts the roles back.' );
			}
			if ( $counts['never'] ) {
				WP_CLI::line( 'People the gateway never told about follow at their next visit, or when something about them changes. To have them told now, press "Send everybody again" on the page Deliveries of the gateway\'s administration.' );
			}
		}
		WP_CLI::halt( $counts['differ'] > $counts['done'] ? 2 : 0 );
	}
}
