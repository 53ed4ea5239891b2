<?php
// Test only, a must-use plugin: `?probe=1` says who WordPress thinks is asking.
add_action('template_redirect', function () {
	if (!isset($_GET['probe'])) {
		return;
	}
	$user = wp_get_current_user();
	wp_send_json([
		'id' => $user->ID, 'login' => $user->user_login, 'roles' => array_values($user->roles), 'name' => $user->display_name, 'email' => $user->user_email,
		'type' => get_user_meta($user->ID, 'membership_type', true), 'expires' => get_user_meta($user->ID, 'membership_expiration', true),
		'nonce' => wp_create_nonce('wp_rest'), 'no_cache' => defined('DONOTCACHEPAGE'), 'blog' => get_current_blog_id(), 'why' => Membergate\visitor()['reason'],
	]);
});
// `?classic=1` shows the posts of any address as an old theme does: text, links to the other pages, excerpt.
add_action('template_redirect', function () {
	if (!isset($_GET['classic'])) {
		return;
	}
	while (have_posts()) {
		the_post();
		echo '<article>';
		the_content();
		wp_link_pages();
		the_excerpt();
		echo '</article>';
	}
	exit;
});
// A plugin that asks who is signed in while an account is being made must not send the whole thing round in circles.
add_action('user_register', function () {
	wp_get_current_user();
});
add_action('plugins_loaded', function () {
	is_user_logged_in();
});
// Answers that another plugin gives at once, wherever it likes: `?early=HOOK&how=echo|die|redirect|public`.
foreach (['plugins_loaded', 'init', 'wp_loaded', 'parse_request', 'template_redirect', 'rest_api_init'] as $hook) {
	add_action($hook, function () use ($hook) {
		if (($_GET['early'] ?? '') !== $hook) {
			return;
		}
		switch ($_GET['how'] ?? '') {
			case 'die':
				wp_die('Over.', '', ['response' => 410]);
			case 'redirect':
				wp_redirect(home_url('/?here'));
				exit;
			case 'public':
				header('Cache-Control: public, max-age=3600');
				header('Vary: Accept-Encoding');
				// and on as below
			default:
				echo json_encode(['id' => get_current_user_id()]);
				exit;
		}
	}, 30);
}
