<?php
// Test only, a must-use plugin: gives roles by itself as bbPress and WooCommerce do, neither of which Debian or a package registry
// has. Switched on by the option `forum`. As in bbPress, its roles are not stored but added to WordPress's list on each request,
// everybody who registers or comes gets one, and they are hidden from the list of roles that an editor may give.
if (!get_option('forum')) {
	return;
}
function forum_roles() {
	$participant = ['read' => true, 'spectate' => true, 'participate' => true, 'publish_topics' => true, 'edit_topics' => true, 'publish_replies' => true];
	return [
		'bbp_participant' => $participant,
		'bbp_moderator'   => $participant + ['moderate' => true, 'throttle' => true, 'edit_others_topics' => true],
		'bbp_keymaster'   => $participant + ['keep_gate' => true],
	];
}
add_action('wp_roles_init', function ($roles) {
	foreach (forum_roles() as $name => $capabilities) {
		$roles->roles[$name]        = ['name' => $name, 'capabilities' => $capabilities];
		$roles->role_objects[$name] = new WP_Role($name, $capabilities);
		$roles->role_names[$name]   = $name;
	}
});
add_filter('editable_roles', function ($roles) {
	return array_diff_key($roles, forum_roles());
});
function forum_join($id) {
	$user = new WP_User($id);
	if ($id && !array_intersect(array_keys(forum_roles()), $user->roles)) {
		$user->add_role('bbp_participant');
	}
}
add_action('user_register', 'forum_join');
add_action('init', function () {
	forum_join(get_current_user_id());
}, 20);
// The shop: whoever pays at the till without an account gets one with its role.
add_action('init', function () {
	add_role('customer', 'Customer', ['read' => true]);
});
