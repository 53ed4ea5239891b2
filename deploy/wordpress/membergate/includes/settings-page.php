<?php
/**
 * Settings → Membergate: whether it works, what stands in the way, and the few values to set.
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const PAGE = 'membergate';

add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
add_action( 'admin_init', __NAMESPACE__ . '\\register' );
add_action( 'admin_notices', __NAMESPACE__ . '\\conflict_notice' );
add_action( 'update_option_' . SETTINGS_OPTION, __NAMESPACE__ . '\\fetch_after_saving' );
add_action( 'add_option_' . SETTINGS_OPTION, __NAMESPACE__ . '\\fetch_after_saving' );
foreach ( array( 'fetch_keys', 'create_roles', 'forget_conflicts' ) as $membergate_deed ) {
	add_action( 'admin_post_membergate_' . $membergate_deed, __NAMESPACE__ . '\\do_deed' );
}
add_filter( 'plugin_action_links_' . plugin_basename( MEMBERGATE_PLUGIN_FILE ), __NAMESPACE__ . '\\plugin_link' );

/** The entry in the menu. On Multisite the administrator of one site may look, and only the network's may change. */
function add_page(): void {
	add_options_page( 'Membergate', 'Membergate', 'manage_options', PAGE, __NAMESPACE__ . '\\render_page' );
}

/** The settings, for options.php. */
function register(): void {
	register_setting( PAGE, SETTINGS_OPTION, array( 'type' => 'array', 'sanitize_callback' => __NAMESPACE__ . '\\sanitize_settings', 'show_in_rest' => false ) );
	add_filter( 'option_page_capability_' . PAGE, __NAMESPACE__ . '\\settings_capability' );
}

/** New settings may mean a new address of the keys: better to learn now than at the first visitor that it is wrong. */
function fetch_after_saving(): void {
	if ( '' === setting( 'jwks' ) ) {
		fetch_keys();
	}
}

/**
 * A link in the list of plugins.
 *
 * @param string[] $links Links that WordPress shows.
 */
function plugin_link( $links ): array {
	$link = sprintf( '<a href="%s">%s</a>', esc_url( page_url() ), esc_html__( 'Settings', 'membergate' ) );
	return array_merge( array( $link ), (array) $links );
}

/** Address of this page. */
function page_url(): string {
	return admin_url( 'options-general.php?page=' . PAGE );
}

/** The three buttons. */
function do_deed(): void {
	$deed = substr( (string) current_action(), strlen( 'admin_post_' ) );
	if ( ! current_user_can( settings_capability() ) ) {
		wp_die( esc_html__( 'You may not do this.', 'membergate' ), '', array( 'response' => 403 ) );
	}
	check_admin_referer( $deed );
	switch ( $deed ) {
		case 'membergate_fetch_keys':
			fetch_keys();
			break;
		case 'membergate_create_roles':
			create_missing_roles();
			break;
		case 'membergate_forget_conflicts':
			put_conflicts_away();
			break;
	}
	wp_safe_redirect( page_url() );
	exit;
}

/** Conflicts are shown where an administrator comes by. */
function conflict_notice(): void {
	$conflicts = open_conflicts();
	$screen    = get_current_screen();
	if ( ! $conflicts || ! current_user_can( settings_capability() ) || ! $screen || ! in_array( $screen->id, array( 'dashboard', 'users', 'settings_page_' . PAGE ), true ) ) {
		return;
	}
	echo '<div class="notice notice-warning membergate-conflicts"><p><strong>Membergate</strong></p><ul>';
	// The latest; the whole list has a page of its own.
	foreach ( array_slice( $conflicts, -3 ) as $conflict ) {
		echo '<li>' . wp_kses( conflict_text( $conflict ), array( 'a' => array( 'href' => true ) ) ) . '</li>';
	}
	echo '</ul><p>';
	if ( count( $conflicts ) > 3 ) {
		/* translators: %s: number. */
		echo esc_html( sprintf( __( 'And %s more.', 'membergate' ), number_format_i18n( count( $conflicts ) - 3 ) ) ) . ' ';
	}
	printf( '<a href="%s">%s</a></p>', esc_url( accounts_url( array( 'view' => 'wanted' ) ) ), esc_html__( 'All accounts whose person uses another one', 'membergate' ) );
	deed_button( 'membergate_forget_conflicts', __( 'I have seen this', 'membergate' ) );
	echo '</div>';
}

/** A form with one button. */
function deed_button( string $deed, string $label ): void {
	printf( '<form method="post" action="%s"><input type="hidden" name="action" value="%s">', esc_url( admin_url( 'admin-post.php' ) ), esc_attr( $deed ) );
	wp_nonce_field( $deed );
	printf( '<p><button class="button">%s</button></p></form>', esc_html( $label ) );
}

/** The page. */
function render_page(): void {
	$may_change = current_user_can( settings_capability() );
	$problems   = problems();
	$notes      = notes();
	echo '<div class="wrap"><h1>Membergate</h1>';
	echo '<h2>' . esc_html__( 'Status', 'membergate' ) . '</h2><p class="membergate-status"><strong>';
	echo esc_html( $problems ? __( 'Needs attention', 'membergate' ) : __( 'Ready', 'membergate' ) ) . '</strong>. ';
	/* translators: 1: length of time, 2: length of time, 3: reason. */
	echo esc_html( sprintf( __( 'Last visitor accepted: %1$s. Last one refused: %2$s %3$s', 'membergate' ), when( $notes['accepted_at'] ), when( $notes['refused_at'] ), '' === $notes['refused'] ? '' : '(' . $notes['refused'] . ')' ) ) . '</p>';
	if ( $problems ) {
		echo '<ul class="ul-disc"><li>' . implode( '</li><li>', array_map( 'esc_html', $problems ) ) . '</li></ul>';
	}
	render_people_lines();
	if ( '' !== self_request_failure() ) {
		echo '<details class="membergate-rule"><summary>' . esc_html__( 'The rule for the gateway\'s configuration, below the [[site]] of this site', 'membergate' ) . '</summary><pre><code>' . esc_html( cron_rule() ) . '</code></pre></details>';
	}
	printf( '<p><a href="%s">%s</a></p>', esc_url( accounts_url() ), esc_html__( 'Accounts not linked', 'membergate' ) );
	if ( defined( 'WP_CACHE' ) && WP_CACHE ) {
		echo '<p class="membergate-cache">' . esc_html__( 'A page cache is switched on (WP_CACHE). It needs the lines under "Page caches" in the plugin\'s readme.txt, or members are shown the page of a stranger.', 'membergate' ) . '</p>';
	}
	/* translators: %s: list of role names. */
	echo '<p class="membergate-roles">' . esc_html( sprintf( __( 'Role names for blocks and shortcodes: %s.', 'membergate' ), implode( ', ', array_keys( wp_roles()->roles ) ) ) ) . '</p>';
	if ( $may_change && '' === setting( 'jwks' ) ) {
		deed_button( 'membergate_fetch_keys', __( 'Fetch the keys now', 'membergate' ) );
	}
	if ( $may_change && $notes['unknown_roles'] ) {
		deed_button( 'membergate_create_roles', __( 'Create the missing roles (they may read, nothing more)', 'membergate' ) );
	}
	if ( $may_change ) {
		render_form();
	} else {
		echo '<p>' . esc_html__( 'Only a network administrator may change the settings.', 'membergate' ) . '</p>';
	}
	echo '</div>';
}

/** Whether changes arrive without a visit. */
function render_people_lines(): void {
	$lines = people_lines();
	echo '<p class="membergate-people">' . esc_html( $lines[0] ) . '</p>';
	if ( count( $lines ) > 1 ) {
		printf( '<p>%s</p><ul class="ul-disc"><li>%s</li></ul>', esc_html( $lines[1] ), implode( '</li><li>', array_map( 'esc_html', array_slice( $lines, 2 ) ) ) );
	}
}

/** The form. */
function render_form(): void {
	echo '<form method="post" action="options.php">';
	settings_fields( PAGE );
	echo '<h2>' . esc_html__( 'Settings', 'membergate' ) . '</h2><table class="form-table" role="presentation">';
	text_row( 'site', __( 'The name of this site in the gateway\'s configuration, such as www. Not its address.', 'membergate' ) );
	/* translators: %s: an address. */
	text_row( 'origin', sprintf( __( 'What people type to come here, without a path: https, name, and a port if there is one. Leave empty for %s.', 'membergate' ), origin_of( home_url() ) ) );
	/* translators: %s: an address. */
	text_row( 'jwks_url', sprintf( __( 'Where this site fetches the keys by which it knows the gateway. Leave empty for %s. Set an inner address if this machine cannot reach its own public one.', 'membergate' ), public_origin() . '/_gate/oidc/jwks' ) );
	printf(
		'<tr><th scope="row"><label for="membergate-jwks">%s</label></th><td><textarea id="membergate-jwks" class="large-text code" rows="4" name="%s[jwks]"%s>%s</textarea><p class="description">%s</p></td></tr>',
		esc_html( setting_label( 'jwks' ) ),
		esc_attr( SETTINGS_OPTION ),
		is_fixed_in_wp_config( 'jwks' ) ? ' readonly' : '',
		esc_textarea( setting( 'jwks' ) ),
		esc_html( is_fixed_in_wp_config( 'jwks' ) ? __( 'Set in wp-config.php.', 'membergate' ) : __( 'Leave empty, so that the keys are fetched. Only where that cannot be: what the address of the keys shows, pasted here. A new key must then be pasted before the gateway changes to it.', 'membergate' ) )
	);
	tick_row( 'create', __( 'An account is made for a person who has none. Otherwise only people with an account here are let in.', 'membergate' ) );
	tick_row( 'link_by_email', __( 'An existing account is linked when it alone has the person\'s e-mail address and holds no role or right that somebody gave it by hand.', 'membergate' ) );
	text_row( 'common_roles', __( 'Roles that plugins give to everybody by themselves, such as a forum\'s or a shop\'s. An account that holds only these, the site\'s default role and roles of the association is linked. bbp_* stands for all that begin so. A role with rights of those who run the site never counts.', 'membergate' ) );
	tick_row( 'bind_address', __( 'What the gateway says about a visitor is good only from the network address that showed it first. Leave it on, unless members on phones look signed out for half a minute now and then.', 'membergate' ) );
	/* translators: %s: the usual text. */
	text_row( 'button_label', sprintf( __( 'Leave empty for "%s".', 'membergate' ), __( 'Sign in with your association account', 'membergate' ) ) );
	text_row( 'meta_type', __( 'Where a theme finds the membership of a person. Leave it, unless your theme reads another key.', 'membergate' ) );
	text_row( 'meta_code', __( 'The same for the code of the membership.', 'membergate' ) );
	text_row( 'meta_expires', __( 'The same for the last day of the membership, such as 2027-12-31.', 'membergate' ) );
	echo '</table>';
	submit_button();
	echo '</form>';
}

/** A line of the form with a text. */
function text_row( string $name, string $help ): void {
	printf(
		'<tr><th scope="row"><label for="membergate-%1$s">%2$s</label></th><td><input id="membergate-%1$s" class="%7$s" name="%3$s[%1$s]" value="%4$s"%5$s><p class="description">%6$s</p></td></tr>',
		esc_attr( $name ),
		esc_html( setting_label( $name ) ),
		esc_attr( SETTINGS_OPTION ),
		esc_attr( setting( $name ) ),
		is_fixed_in_wp_config( $name ) ? ' readonly' : '',
		esc_html( is_fixed_in_wp_config( $name ) ? __( 'Set in wp-config.php.', 'membergate' ) : $help ),
		'common_roles' === $name ? 'large-text' : 'regular-text'
	);
}

/** A line of the form with a tick box. */
function tick_row( string $name, string $help ): void {
	printf(
		'<tr><th scope="row">%2$s</th><td><label><input type="checkbox" name="%3$s[%1$s]" value="1"%4$s> %5$s</label></td></tr>',
		esc_attr( $name ),
		esc_html( setting_label( $name ) ),
		esc_attr( SETTINGS_OPTION ),
		checked( '1', setting( $name ), false ),
		esc_html( $help )
	);
}
