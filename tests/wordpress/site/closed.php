<?php
// Test only, a must-use plugin: closes the REST API to strangers, at each of the places where plugins for that do it. Switched on by
// the option `closed`.
if (!get_option('closed')) {
	return;
}
foreach ([1, 20, 1000] as $priority) {
	add_filter('rest_authentication_errors', function ($result) {
		return $result || is_user_logged_in() ? $result : new WP_Error('closed', 'The REST API is closed.', ['status' => 401]);
	}, $priority);
}
add_filter('rest_pre_dispatch', function ($result) {
	return is_user_logged_in() ? $result : new WP_Error('closed', 'The REST API is closed.', ['status' => 403]);
}, 20);
