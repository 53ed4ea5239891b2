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
require __DIR__ . '/includes/keys.php';          // The gateway's public keys.
require __DIR__ . '/includes/role-lists.php';    // Which roles the gateway manages.
require __DIR__ . '/includes/account.php';       // The WordPress account of a person.
require __DIR__ . '/includes/first-link.php';    // Which account may be linked by its e-mail address.
require __DIR__ . '/includes/roles.php';         // The managed roles, and only those.
require __DIR__ . '/includes/visitor.php';       // Who is asking on this request.
require __DIR__ . '/includes/auth-redirect.php'; // The way into /wp-admin/.
require __DIR__ . '/includes/login.php';         // The login page, and the ways out.
require __DIR__ . '/includes/caching.php';       // What a page cache is told.
require __DIR__ . '/includes/content.php';       // Content by role: the decision, and blocks.
require __DIR__ . '/includes/shortcode.php';     // Content by role: the shortcode.
require __DIR__ . '/includes/parts.php';         // Pages, teasers and excerpts of a post with hidden content.

if ( is_admin() ) {
	require __DIR__ . '/includes/self-requests.php'; // Do WordPress's requests to itself arrive?
	require __DIR__ . '/includes/settings-page.php';
	require __DIR__ . '/includes/linking.php';       // Linking by an administrator's decision.
	require __DIR__ . '/includes/accounts-page.php'; // The accounts that are not linked.
	require __DIR__ . '/includes/profile.php';
}
