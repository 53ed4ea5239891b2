<?php
/**
 * Carries out what the gateway says about people without a visit. The same rules hold as at a visit: the same accounts may be
 * linked, the same roles are managed, the last administrator stays.
 *
 * Kept out: how statements arrive (people-route.php), and whether one is true (statement.php).
 *
 * @package Membergate
 */

namespace Membergate;

use WP_User;

defined( 'ABSPATH' ) || exit;

const MAX_SITES = 50;

/**
 * Verifies one statement and carries it out.
 *
 * @return array What the gateway is answered: `outcome`, and as far as it is known `sub`, `version`, `changed`, `reason`.
 */
function take_statement( string $token, int $now ): array {
	$claims = verify_statement( $token, public_origin(), setting( 'site' ), __NAMESPACE__ . '\\find_key', $now );
	if ( is_wp_error( $claims ) ) {
		return array( 'outcome' => 'refused', 'reason' => $claims->get_error_code() );
	}
	$claims['managed_roles'] = managed_roles( $claims, $now );

	$about  = array( 'sub' => $claims['sub'], 'version' => $claims['version'] );
	$follow = function () use ( $claims ) {
		return follow_statement( $claims );
	};
	return with_person_lock( $claims['sub'], $follow, refused( 'busy' ) ) + $about;
}

/** An answer that says why not. */
function refused( string $reason ): array {
	return array( 'outcome' => 'refused', 'reason' => $reason );
}

/** Carries out a true statement. Called under the person's lock. */
function follow_statement( array $claims ): array {
	$id = linked_account( $claims['sub'] );
	if ( ! $id && 'removed' === $claims['state'] ) {
		return array( 'outcome' => 'no_account' );
	}
	$is_new = ! $id;
	$id     = $id ? $id : first_account( $claims, $claims['create'] ? 'create' : 'known' );
	if ( is_wp_error( $id ) ) {
		$why = $id->get_error_code();
		return 'no_account' === $why ? array( 'outcome' => 'no_account' ) : refused( $why );
	}
	clean_user_cache( $id ); // Another request may have written while this one waited for the lock.
	$user = get_userdata( $id );
	if ( ! $user instanceof WP_User ) {
		return array( 'outcome' => 'no_account' );
	}
	if ( is_multisite() && is_user_spammy( $user ) ) {
		return refused( 'account_closed' );
	}
	$sites = sites_for( $user->ID, $is_new, $claims );
	if ( array() === $sites ) {
		return array( 'outcome' => 'no_account' );
	}
	$last = last_told( $user->ID, $sites );
	if ( $last['version'] > $claims['version'] ) {
		return array( 'outcome' => 'superseded', 'version' => $last['version'] );
	}
	if ( $last['version'] === $claims['version'] && ( jti_hash( $claims['jti'] ) === $last['jti'] || roles_named( $claims ) !== $last['roles'] ) ) {
		return array( 'outcome' => 'applied', 'changed' => false ); // The very same statement once more, or a visit knows newer roles.
	}
	return carry_out( $user, $claims, $sites, $is_new );
}

/**
 * The sites on which a statement counts: those with the same name at the gateway and the same public address of which the
 * account is a member. Without a network that is the one there is.
 *
 * @return int[] Ids; 0 stands for the current site without a network.
 */
function sites_for( int $user_id, bool $is_new, array $claims ): array {
	if ( ! is_multisite() ) {
		return array( 0 );
	}
	$here = get_current_blog_id();
	// An account that is new here is made for this site. One of the network that is not a member here joins only with `create`.
	if ( $is_new || ( $claims['create'] && '1' === setting( 'create' ) ) ) {
		if ( ! is_user_member_of_blog( $user_id, $here ) ) {
			join_site( $user_id );
		}
	}
	$name   = setting( 'site' );
	$origin = public_origin();
	$sites  = array();
	foreach ( array_slice( array_keys( get_blogs_of_user( $user_id ) ), 0, MAX_SITES ) as $site ) {
		switch_to_blog( (int) $site );
		if ( setting( 'site' ) === $name && public_origin() === $origin ) {
			$sites[] = (int) $site;
		}
		restore_current_blog();
	}
	return $sites;
}

/** The newest that was told on any of these sites. */
function last_told( int $user_id, array $sites ): array {
	$last = null;
	foreach ( $sites as $site ) {
		$told = on_site(
			$site,
			function () use ( $user_id ) {
				return told( $user_id );
			}
		);
		$last = null === $last || $told['version'] > $last['version'] ? $told : $last;
	}
	return $last;
}

/**
 * Does something on one site of the network.
 *
 * @return mixed What it returns.
 */
function on_site( int $site, callable $do ) {
	if ( 0 === $site || get_current_blog_id() === $site ) {
		return $do();
	}
	switch_to_blog( $site );
	try {
		return $do();
	} finally {
		restore_current_blog();
	}
}

/** Writes profile and roles. What a person must settle is answered as refused; all else of the statement counts. */
function carry_out( WP_User $user, array $claims, array $sites, bool $is_new ): array {
	$is_gone = 'removed' === $claims['state'];
	$owner   = $is_gone ? 0 : profile_changes( $user, $claims )['email_owner'];
	$profile = $is_gone ? array( 'changed' => forget_membership( $user->ID ), 'failed' => false ) : follow_profile( $user, $claims );
	$was     = last_told( $user->ID, $sites )['state'];
	$changed = $is_new || $profile['changed'];
	$reasons = array_filter( array( $profile['failed'] ? 'account' : '', $owner ? 'email_taken' : '' ) );
	foreach ( $sites as $site ) {
		$done = on_site(
			$site,
			function () use ( $user, $claims ) {
				return follow_roles( new WP_User( $user->ID ), $claims ) + array( 'kept' => keep_told( $user->ID, $claims ) );
			}
		);
		if ( ! $done['kept'] ) {
			return refused( 'busy' ); // The database did not take it. Later it may.
		}
		$changed = $changed || $done['changed'];
		if ( $done['last_administrator'] ) {
			$reasons[] = 'last_administrator';
		}
	}
	if ( $is_gone && 'removed' !== $was ) {
		announce_removal( $user->ID );
	}
	$result = $reasons ? refused( reset( $reasons ) ) : array( 'outcome' => 'applied' );
	return $result + array( 'changed' => $changed );
}
