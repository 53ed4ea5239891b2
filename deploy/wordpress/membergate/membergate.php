<?php
/**
 * Plugin Name:       Membergate
 * Description:       Shows members the site as the person they are in the association: the Membergate gateway in front says who is asking, and this plugin keeps the WordPress account and its roles in step.
 * Version:           0.2.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       membergate
 *
 * This file only joins the parts. Read them in the order below; each adds its own hooks at its top.
 *
 * @package Membergate
 */

defined( 'ABSPATH' ) || exit;

define( 'MEMBERGATE_PLUGIN_FILE', __FILE__ );

require __DIR__ . '/includes/settings.php';      // What the site's administrator decided.
require __DIR__ . '/includes/notes.php';         // What an administrator should know: last refusal, conflicts.
require __DIR__ . '/includes/assertion.php';     // Is this signed statement true? Pure.
require __DIR__ . '/includes/statement.php';     // Is this statement about a person true? Pure.
require __DIR__ . '/includes/keys.php';          // The gateway's public keys.
require __DIR__ . '/includes/role-lists.php';    // Which roles the gateway manages.
require __DIR__ . '/includes/lock.php';          // One request at a time changes one person's account.
require __DIR__ . '/includes/told.php';          // What was told last about a person without a visit.
require __DIR__ . '/includes/account.php';       // The WordPress account of a person.
require __DIR__ . '/includes/first-link.php';    // Which account may be linked by its e-mail address.
require __DIR__ . '/includes/roles.php';         // The managed roles, and only those.
require __DIR__ . '/includes/announce.php';      // What other plugins are told.
require __DIR__ . '/includes/following.php';     // A known account follows the association.
require __DIR__ . '/includes/visitor.php';       // Who is asking on this request.
require __DIR__ . '/includes/statements.php';    // Carries out what is said about people without a visit.
require __DIR__ . '/includes/people-notes.php';  // What an administrator should know about that.
require __DIR__ . '/includes/people-route.php';  // Where it arrives.
require __DIR__ . '/includes/auth-redirect.php'; // The way into /wp-admin/.
require __DIR__ . '/includes/login.php';         // The login page, and the ways out.
require __DIR__ . '/includes/caching.php';       // What a page cache is told.
require __DIR__ . '/includes/content.php';       // Content by role: the decision, and blocks.
require __DIR__ . '/includes/shortcode.php';     // Content by role: the shortcode.
require __DIR__ . '/includes/parts.php';         // Pages, teasers and excerpts of a post with hidden content.

$membergate_cli = defined( 'WP_CLI' ) && WP_CLI;
if ( is_admin() || $membergate_cli ) {
	require __DIR__ . '/includes/self-requests.php'; // Do WordPress's requests to itself arrive?
	require __DIR__ . '/includes/status.php';        // Whether it works, and what stands in the way.
	require __DIR__ . '/includes/resync.php';        // Who is not as the gateway told last.
	require __DIR__ . '/includes/linking.php';       // Linking by an administrator's decision.
}
if ( $membergate_cli ) {
	require __DIR__ . '/includes/link-rows.php';     // A table of accounts to link.
	require __DIR__ . '/includes/linking-by-id.php'; // Linking by the association id.
	require __DIR__ . '/includes/cli.php';           // wp membergate.
}
if ( is_admin() ) {
	require __DIR__ . '/includes/settings-page.php';
	require __DIR__ . '/includes/accounts-page.php'; // The accounts that are not linked.
	require __DIR__ . '/includes/profile.php';
}
