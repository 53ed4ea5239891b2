<?php
/**
 * What the administrator decided: one option, each value overridable by a constant in wp-config.php.
 *
 * Kept out: the page that edits it (settings-page.php).
 *
 * @package Membergate
 */

namespace Membergate;

defined( 'ABSPATH' ) || exit;

const SETTINGS_OPTION = 'membergate_settings';

const SETTING_DEFAULTS = array(
	'site'          => '',   // The name of this site in the gateway's configuration: the `aud` we accept.
	'origin'        => '',   // Public origin, the `iss` we accept. Empty: that of the home address.
	'jwks_url'      => '',   // Where the keys are fetched. Empty: /_gate/oidc/jwks on the public origin.
	'jwks'          => '',   // Keys pasted by hand. Not empty: nothing is ever fetched.
	'create'        => '1',  // Is an account made for a person who has none?
	'link_by_email' => '1',  // May an existing, unprivileged account be linked by its e-mail address?
	// Roles that plugins give by themselves, and so do not make an account hand-made. `bbp_*` stands for all that begin so.
	'common_roles'  => 'subscriber, customer, bbp_participant, bbp_spectator, bbp_blocked, student, give_donor, give_subscriber',
	'bind_address'  => '1',  // Is an assertion good only from the address that showed it first?
	'button_label'  => '',   // Text of the button on the login page. Empty: the default text.
	'meta_type'     => 'membership_type',       // User meta key of Membership Type.
	'meta_code'     => 'membership_code',       // The same of its code.
	'meta_expires'  => 'membership_expiration', // User meta key of Membership Expiration.
);

const SETTING_CONSTANTS = array(
	'site'     => 'MEMBERGATE_SITE',
	'origin'   => 'MEMBERGATE_ORIGIN',
	'jwks_url' => 'MEMBERGATE_JWKS_URL',
	'jwks'     => 'MEMBERGATE_JWKS',
);

/** One setting: the constant, else this site's value, else (Multisite) the main site's, else the default. */
function setting( string $name ): string {
	if ( is_fixed_in_wp_config( $name ) ) {
		return trim( (string) constant( SETTING_CONSTANTS[ $name ] ) );
	}
	$own = get_option( SETTINGS_OPTION );
	if ( is_array( $own ) && isset( $own[ $name ] ) ) {
		return (string) $own[ $name ];
	}
	// The public origin belongs to one site; everything else may be said once for the whole network.
	if ( is_multisite() && 'origin' !== $name && ! is_main_site() ) {
		$main = get_blog_option( get_main_site_id(), SETTINGS_OPTION );
		if ( is_array( $main ) && isset( $main[ $name ] ) ) {
			return (string) $main[ $name ];
		}
	}
	return SETTING_DEFAULTS[ $name ];
}

/** What a setting is called on the page. */
function setting_label( string $name ): string {
	$labels = array(
		'site'          => __( 'Site name', 'membergate' ),
		'origin'        => __( 'Public address', 'membergate' ),
		'jwks_url'      => __( 'Address of the keys', 'membergate' ),
		'jwks'          => __( 'Pasted keys', 'membergate' ),
		'create'        => __( 'New accounts', 'membergate' ),
		'link_by_email' => __( 'First link by e-mail', 'membergate' ),
		'common_roles'  => __( 'Roles that do not make an account hand-made', 'membergate' ),
		'bind_address'  => __( 'Replay protection', 'membergate' ),
		'button_label'  => __( 'Text of the login button', 'membergate' ),
		'meta_type'     => __( 'User meta key: Membership Type', 'membergate' ),
		'meta_code'     => __( 'User meta key: Membership Code', 'membergate' ),
		'meta_expires'  => __( 'User meta key: Membership Expiration', 'membergate' ),
	);
	return $labels[ $name ];
}

/** Is this setting a constant in wp-config.php, so that the page only shows it? */
function is_fixed_in_wp_config( string $name ): bool {
	return isset( SETTING_CONSTANTS[ $name ] ) && defined( SETTING_CONSTANTS[ $name ] );
}

/**
 * Who may change the settings and link accounts by hand.
 *
 * Accounts are shared by the whole network, and whoever sets the keys can sign in as anyone. So on Multisite the
 * administrator of a single site is not enough.
 */
function settings_capability(): string {
	return is_multisite() ? 'manage_network_options' : 'manage_options';
}

/** Errors of a request may name an inner address, which is not for the administrator of one site of a network. */
function may_see_details(): bool {
	return current_user_can( settings_capability() ) || ( defined( 'WP_CLI' ) && WP_CLI );
}

/** The public origin, `scheme://host[:port]`: the issuer that we accept. Empty when it cannot be told. */
function public_origin(): string {
	$set = setting( 'origin' );
	return origin_of( '' !== $set ? $set : home_url() );
}

/** Where the keys are fetched. */
function jwks_url(): string {
	$set = setting( 'jwks_url' );
	return '' !== $set ? $set : public_origin() . '/_gate/oidc/jwks';
}

/** The origin of an address in its one spelling: lower case, no default port. Empty for anything else than http(s). */
function origin_of( string $url ): string {
	$parts  = wp_parse_url( $url );
	$scheme = strtolower( $parts['scheme'] ?? '' );
	if ( ! in_array( $scheme, array( 'http', 'https' ), true ) || empty( $parts['host'] ) || isset( $parts['user'] ) ) {
		return '';
	}
	$port = (int) ( $parts['port'] ?? 0 );
	if ( 0 === $port || ( 'http' === $scheme && 80 === $port ) || ( 'https' === $scheme && 443 === $port ) ) {
		return $scheme . '://' . strtolower( $parts['host'] );
	}
	return $scheme . '://' . strtolower( $parts['host'] ) . ':' . $port;
}

/**
 * What was posted, reduced to what may be stored. A value that cannot be is left as it was, with a message.
 *
 * @param mixed $posted What the settings form sent, unslashed.
 */
function sanitize_settings( $posted ): array {
	$posted = is_array( $posted ) ? $posted : array();
	$clean  = array();
	foreach ( array_keys( SETTING_DEFAULTS ) as $name ) {
		$clean[ $name ] = setting( $name );
	}
	foreach ( array( 'create', 'link_by_email', 'bind_address' ) as $name ) {
		$clean[ $name ] = empty( $posted[ $name ] ) ? '' : '1';
	}
	foreach ( array( 'site', 'origin', 'jwks_url', 'jwks', 'button_label', 'common_roles', 'meta_type', 'meta_code', 'meta_expires' ) as $name ) {
		if ( ! isset( $posted[ $name ] ) || ! is_string( $posted[ $name ] ) ) {
			continue;
		}
		$value = 'jwks' === $name ? trim( $posted[ $name ] ) : sanitize_text_field( $posted[ $name ] );
		if ( is_acceptable_setting( $name, $value ) ) {
			$clean[ $name ] = 'origin' === $name && '' !== $value ? origin_of( $value ) : $value;
			continue;
		}
		add_settings_error(
			SETTINGS_OPTION,
			'membergate_' . $name,
			/* translators: %s: name of a setting. */
			sprintf( __( 'The value of "%s" cannot be used, so it was left as it was.', 'membergate' ), setting_label( $name ) )
		);
	}
	return $clean;
}

/** The roles that do not make an account hand-made, as the administrator wrote them: slugs, and beginnings with a `*`. */
function common_roles(): array {
	return role_patterns( setting( 'common_roles' ) );
}

/** The role names in a text, with commas or blanks between them. */
function role_patterns( string $text ): array {
	return array_values( array_filter( (array) preg_split( '/[\s,;]+/', strtolower( $text ) ), 'strlen' ) );
}

/** Is this no name of a role, or one that would stand for the site's staff? A beginning has three letters at least. */
function is_bad_role_pattern( string $pattern ): bool {
	return ! preg_match( '/^[a-z0-9_-]{1,64}$|^[a-z0-9_-]{3,63}\*$/D', $pattern ) || in_array( $pattern, CORE_STAFF, true );
}

/** May this text be the value of this setting? */
function is_acceptable_setting( string $name, string $value ): bool {
	switch ( $name ) {
		case 'site':
			return (bool) preg_match( '/^[A-Za-z0-9._-]{0,64}$/D', $value );
		case 'origin':
		case 'jwks_url':
			return '' === $value || '' !== origin_of( $value );
		case 'jwks':
			return '' === $value || array() !== parse_jwks( $value );
		case 'common_roles':
			return strlen( $value ) <= 2000 && array() === array_filter( role_patterns( $value ), __NAMESPACE__ . '\\is_bad_role_pattern' );
		case 'meta_type':
		case 'meta_code':
		case 'meta_expires':
			// Never one of the keys by which WordPress itself decides what an account may do.
			return (bool) preg_match( '/^[a-z][a-z0-9_-]{2,60}$/D', $value )
				&& ! preg_match( '/capabilities$|user_level$|^session_tokens$|^membergate_/', $value );
		default:
			return strlen( $value ) <= 200;
	}
}
