<?php
// Test only, a must-use plugin: functions of LearnDash, Paid Memberships Pro and BuddyPress, none of which Debian or a package registry
// has, with the names, arguments and answers that these plugins document. Each keeps in an option who is in what.
// Switched on by the option `plugins`. Also writes down what our actions say.
if (!get_option('plugins')) {
	return;
}
function stand_in($plugin, $user, $id, $is_in = null) {
	$all = get_option("stand_in_$plugin", []);
	$had = in_array($id, $all[$user] ?? [], true);
	if (null !== $is_in) {
		$all[$user] = array_values(array_unique($is_in ? array_merge($all[$user] ?? [], [$id]) : array_diff($all[$user] ?? [], [$id])));
		update_option("stand_in_$plugin", $all);
	}
	return $had;
}
function ld_update_group_access($user_id, $group_id, $remove = false) {
	return stand_in('learndash', $user_id, $group_id, !$remove) === (bool) $remove;
}
function pmpro_hasMembershipLevel($levels = null, $user_id = null) {
	return stand_in('pmpro', $user_id, $levels);
}
function pmpro_changeMembershipLevel($level, $user_id = null, $old_level_status = 'inactive', $cancel_level = null) {
	if (!$level) {
		throw new Exception('this would cancel every level of the person, bought ones too');
	}
	return !stand_in('pmpro', $user_id, $level, true);
}
function pmpro_cancelMembershipLevel($cancel_level, $user_id = null, $old_level_status = 'inactive') {
	return stand_in('pmpro', $user_id, $cancel_level, false);
}
function groups_join_group($group_id, $user_id = 0) {
	stand_in('buddypress', $user_id ?: get_current_user_id(), $group_id, true);
	return true;
}
function groups_leave_group($group_id, $user_id = 0) {
	return stand_in('buddypress', $user_id ?: get_current_user_id(), $group_id, false);
}
function write_down($what) {
	update_option('told_plugins', array_merge(get_option('told_plugins', []), [$what]));
}
add_action('membergate_roles_changed', function ($user, $old, $new) {
	// What is told is written already, and other plugins are ready.
	write_down(['roles', $user, $old, $new, array_values((new WP_User($user))->roles) === $new, did_action('init') > 0, get_current_blog_id()]);
	if ('plugin' === get_option('failing')) {
		throw new RuntimeException('secret-' . get_userdata($user)->user_email);
	}
}, 10, 3);
add_action('membergate_person_removed', function ($user) {
	write_down(['removed', $user]);
});
// What can go wrong when an account is written.
if ('profile' === get_option('failing')) {
	add_filter('wp_pre_insert_user_data', '__return_empty_array');
}
add_filter('update_user_metadata', function ($done, $id, $key) {
	return 'database' === get_option('failing') && 'membergate_version' === $key ? false : $done;
}, 10, 3);
